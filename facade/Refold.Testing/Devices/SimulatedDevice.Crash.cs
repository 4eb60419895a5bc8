// What the next process finds: after a power cut, after a killed process, after damage to what was flushed.
// Called by CrashSimulation and by tests.
using System.Globalization;
using System.Text;

namespace Refold.Testing;

public sealed partial class SimulatedDevice
{
    private SimulatedContent? lastFlushed;
    private List<(int Offset, int Length)> lastFlushedRanges = [];
    private Dictionary<string, long> flushes = new(StringComparer.Ordinal);

    /// <summary>The index of the flush that first made durable what lies in the very last flush of a file; 0 before any.</summary>
    public long LastFlushIndex { get; private set; }

    /// <summary>How often something that was not flushed could be lost: power cuts and failed flushes, over all lives.</summary>
    public int LossCount { get; private set; }

    /// <summary>The index of the last flush of a file that succeeded, over all lives; null for none.</summary>
    /// <param name="isMeant">Which files, by name.</param>
    /// <returns>The index.</returns>
    public long? LastFlushOf(Func<string, bool> isMeant)
    {
        lock (gate) return flushes.Where(flush => isMeant(flush.Key)).Select(flush => (long?)flush.Value).Max();
    }

    /// <summary>The device after a power cut at this moment: no locks, no faults, everything on it
    /// durable. This one stays as it is.</summary>
    /// <param name="keep">The unflushed sectors and directory changes that survive.</param>
    /// <returns>The device as the next process finds it.</returns>
    public SimulatedDevice AfterCrash(Keep keep)
    {
        ArgumentNullException.ThrowIfNull(keep);
        var chance = SeededRng.FromSeed(keep.Seed);
        lock (gate)
            return Next(
                string.Create(CultureInfo.InvariantCulture, $"AfterCrash({keep}) at {count}"),
                copyOf => names.AfterCrash(keep, chance, copyOf), content => content.AfterCrash(keep, chance, count), LossCount + 1);
    }

    /// <summary>The device after the process was killed at this moment: no locks, no faults, but the page cache as it was, flushed or
    /// not. This one stays as it is.</summary>
    /// <returns>The device as the next process finds it.</returns>
    public SimulatedDevice AfterKill()
    {
        lock (gate)
            return Next(
                string.Create(CultureInfo.InvariantCulture, $"AfterKill() at {count}"), names.Copy, content => content.Copy(), LossCount);
    }

    /// <summary>Drops from memory what does not wait to be written: where a failed flush dropped sectors,
    /// reads no longer show them.</summary>
    public void Evict()
    {
        lock (gate)
        {
            foreach (var content in names.Names.Values) content.Evict();
        }
    }

    /// <summary>Damage: one bit of a file differs, in memory and on the medium.</summary>
    /// <param name="name">The file.</param>
    /// <param name="offset">The byte.</param>
    /// <param name="bit">0 to 7.</param>
    public void FlipBit(string name, int offset, int bit)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bit, 7);
        lock (gate)
        {
            var content = names.Find(name);
            content.Damage(offset, [(byte)(content.Cache[offset] ^ (1 << bit))]);
            origin += string.Create(CultureInfo.InvariantCulture, $", FlipBit({name}, {offset}, {bit})");
        }
    }

    /// <summary>Damage: a range of a file reads as zeros, in memory and on the medium.</summary>
    /// <param name="name">The file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many; a 512-byte sector is the usual loss.</param>
    public void Zero(string name, int offset, int length)
    {
        lock (gate)
        {
            var content = names.Find(name);
            content.Damage(offset, new byte[Math.Min(length, content.Cache.Length - offset)]);
            origin += string.Create(CultureInfo.InvariantCulture, $", Zero({name}, {offset}, {length})");
        }
    }

    /// <summary>Damage: a file is gone.</summary>
    /// <param name="name">The file.</param>
    public void LoseFile(string name)
    {
        lock (gate)
        {
            names.Lose(name);
            origin += $", LoseFile({name})";
        }
    }

    /// <summary>How much of a range the very last flush of a file made durable: damage there may be impossible to tell
    /// from an interrupted write.</summary>
    /// <param name="name">The file.</param>
    /// <param name="offset">The first byte.</param>
    /// <param name="length">How many.</param>
    /// <returns>The number of bytes.</returns>
    public int InLastFlush(string name, int offset, int length)
    {
        lock (gate)
        {
            if (!names.Names.TryGetValue(name, out var content) || content != lastFlushed) return 0;
            return Enumerable.Range(offset, length)
                .Count(at => lastFlushedRanges.Exists(range => at >= range.Offset && at < range.Offset + range.Length));
        }
    }

    /// <summary>Where the device comes from and what was last asked of it: for failure messages.</summary>
    /// <param name="operations">At most so many operations of the last life, and half as many of each one before.</param>
    /// <returns>Several lines.</returns>
    public string Story(int operations = 40)
    {
        var story = new StringBuilder(before?.Story(operations / 2));
        lock (gate)
        {
            story.Append(origin).Append('\n');
            foreach (var operation in log.Where(operation => operation.Changes).TakeLast(operations))
                story.Append("  ").Append(operation).Append('\n');
        }

        return story.ToString();
    }

    private SimulatedDevice Next(
        string happened, Func<Func<SimulatedContent, SimulatedContent>, SimulatedNames> namesOf,
        Func<SimulatedContent, SimulatedContent> contentOf, int losses)
    {
        var copies = new Dictionary<SimulatedContent, SimulatedContent>(ReferenceEqualityComparer.Instance);
        var next = new SimulatedDevice(unchecked(seed + (ulong)count + 1), this, happened)
        {
            Exists = Exists,
            count = count,
            Capacity = Capacity,
            AllocatesAtFlush = AllocatesAtFlush,
            TracksCallSites = TracksCallSites,
            SkipsFlush = SkipsFlush,
            LastFlushIndex = LastFlushIndex,
            lastFlushedRanges = lastFlushedRanges,
            LossCount = losses,
            flushes = new(flushes, StringComparer.Ordinal),
        };
        next.names = namesOf(CopyOf);
        next.lastFlushed = lastFlushed is null ? null : copies.GetValueOrDefault(lastFlushed);
        return next;

        SimulatedContent CopyOf(SimulatedContent content)
        {
            if (!copies.TryGetValue(content, out var copy)) copies[content] = copy = contentOf(content);
            return copy;
        }
    }

    // What is written and flushed once more, unchanged, belongs to the flush that first made it durable.
    private void Remember(SimulatedContent content, List<(int Offset, int Length)> ranges)
    {
        // Zeros, with which files are prepared, tell nobody anything.
        if (content.DurableSince(ranges) is not { } since) return;
        (lastFlushed, lastFlushedRanges, LastFlushIndex) = (content, ranges, since);
    }
}
