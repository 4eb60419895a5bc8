// What can still be read of a damaged directory: every entry whose frame checks, and the holes. FORMAT.md, "Salvage".
// Called by the tool's verb export for --salvage.
using System.Globalization;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>Something that is missing.</summary>
/// <param name="What">What it is, in one sentence without a full stop.</param>
/// <param name="File">The file, for bytes that are skipped.</param>
/// <param name="From">The offset of the first skipped byte.</param>
/// <param name="To">The offset behind the last skipped byte.</param>
/// <param name="FirstPosition">The first position that may be missing.</param>
/// <param name="LastPosition">The last position that may be missing.</param>
internal sealed record SalvageHole(
    string What, string? File = null, long? From = null, long? To = null, long? FirstPosition = null, long? LastPosition = null);

/// <summary>A damaged journal that was searched for frames. Changes nothing, takes no lock.</summary>
internal sealed class SalvagedJournal
{
    private readonly IStorageDevice device;
    private readonly IReadOnlyList<Format.SegmentName> names;
    private readonly IReadOnlyList<Format.SalvagedFrame> rows;
    private readonly uint seed;

    private SalvagedJournal(
        IStorageDevice device, IReadOnlyList<Format.SegmentName> names, uint seed, Format.SalvageReport report,
        IEnumerable<SalvageHole> unread)
    {
        (this.device, this.names, this.seed) = (device, names, seed);
        rows = [.. report.Entries];
        Deleted = report.Deleted;
        Holes =
        [
            .. unread,
            .. report.Skipped.Select(skipped => new SalvageHole(skipped.Reason, names[skipped.File].ToString(), skipped.From, skipped.To)),
            .. report.Missing.Select(Hole),
            .. report.Incomplete.Select(batch => new SalvageHole(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"batch {batch.First} is incomplete: {batch.Found} of {batch.Count} positions were found"),
                FirstPosition: batch.First,
                LastPosition: batch.First + batch.Count - 1)),
        ];
    }

    /// <summary>How many entries there are to read.</summary>
    public long Count => rows.Count;

    /// <summary>How many entries check but were deleted; they are not given.</summary>
    public long Deleted { get; }

    /// <summary>What is missing.</summary>
    public IReadOnlyList<SalvageHole> Holes { get; }

    /// <summary>Searches every segment file.</summary>
    /// <exception cref="JournalOpenException">There is no segment file, or nothing can be read in any.</exception>
    public static SalvagedJournal Open(IStorageDevice device)
    {
        try
        {
            return Search(device);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw JournalOpenException.OfDevice($"The journal {device.Place} cannot be read", exception);
        }
    }

    /// <summary>The entries in position order, read again and checked again.</summary>
    public IEnumerable<JournalEntry> Entries()
    {
        var files = new Dictionary<int, IStorageFile>();
        try
        {
            foreach (var row in rows)
            {
                if (!files.TryGetValue(row.File, out var file))
                    files[row.File] = file = device.Open(names[row.File].ToString(), writable: false);
                yield return Read(file, row);
            }
        }
        finally
        {
            foreach (var file in files.Values) file.Dispose();
        }
    }

    private static SalvagedJournal Search(IStorageDevice device)
    {
        var names = device.Exists ? FileNames.Segments(device) : [];
        var commit = device.Exists ? TryReadCommit(device) : null;
        if (names.Count == 0 && commit is not { LastFrame: > 0 }) throw SegmentFaults.NoJournal(device);
        var unread = new List<SalvageHole>();
        var seed = FindSeed(device, names, commit);
        if (seed is null) RequireThisVersion(device, names);
        if (seed is null)
            throw new JournalOpenException(
                $"Nothing can be read in {device.Place}: no header and no frame of one journal was found; restore a backup.");
        var files = new List<Format.SalvagedFile>();
        for (var item = 0; item < names.Count; item++)
        {
            var bytes = TryReadAll(device, names[item], unread);
            if (bytes is null) continue;
            if (HeaderOf(bytes) is { } header && Core.Checksum.seed(header.JournalId) != seed)
                unread.Add(new SalvageHole("it belongs to another journal", names[item].ToString(), 0, bytes.Length));
            else
                files.Add(Format.Salvage.scan(seed.Value, item, bytes));
        }

        var flushed = commit is { } slot && Core.Checksum.seed(slot.JournalId) == seed ? Tuple.Create(slot.LastFrame, slot.Head) : null;
        return new SalvagedJournal(device, names, seed.Value, Format.SalvageReportModule.make(flushed.ToOption(), files), unread);
    }

    // Files that are whole and of another version need no backup.
    private static void RequireThisVersion(IStorageDevice device, List<Format.SegmentName> names)
    {
        foreach (var name in names)
        {
            if (
                TryReadAll(device, name, [], Format.SegmentHeaderModule.bytes) is { } bytes
                && Format.SegmentHeaderModule.decode(bytes) is { IsError: true, ErrorValue: var error }
                && (error.IsPastVersion || error.IsFutureVersion))
                throw SegmentFaults.Of(error, name.ToString());
        }
    }

    /// <summary>What COMMIT says was flushed; null where nothing can be told from it.</summary>
    private static Format.CommitSlot? TryReadCommit(IStorageDevice device)
    {
        try
        {
            return Format.Commit.read(CommitFile.ReadBytes(device) ?? []) is { IsOk: true, ResultValue.Slot: { } slot } ? slot.Value : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }

    /// <summary>The seed of the journal that most headers name; without any header, of the one that COMMIT names, unless all frames belong
    /// to another; without COMMIT, of the one journal that all frames belong to.</summary>
    private static uint? FindSeed(IStorageDevice device, List<Format.SegmentName> names, Format.CommitSlot? commit)
    {
        var ids = new List<Guid>();
        foreach (var name in names)
        {
            if (TryReadAll(device, name, [], Format.SegmentHeaderModule.bytes) is { } bytes && HeaderOf(bytes) is { } header)
                ids.Add(header.JournalId);
        }

        if (ids.Count > 0) return Core.Checksum.seed(ids.GroupBy(id => id).MaxBy(group => group.Count())!.Key);
        var seeds = new HashSet<uint>();
        foreach (var name in names)
        {
            if (TryReadAll(device, name, []) is { } bytes) seeds.UnionWith(Format.Salvage.seeds(bytes));
        }

        if (commit is not null && Core.Checksum.seed(commit.JournalId) is var named && (seeds.Count != 1 || seeds.Contains(named)))
            return named;
        return seeds.Count == 1 ? seeds.Single() : null;
    }

    private static Format.SegmentHeader? HeaderOf(byte[] bytes) =>
        Format.SegmentHeaderModule.decode(bytes) is { IsOk: true } decoded ? decoded.ResultValue : null;

    /// <summary>The bytes of a file, or null with a hole where the device does not give them.</summary>
    private static byte[]? TryReadAll(IStorageDevice device, Format.SegmentName name, List<SalvageHole> unread, int atMost = int.MaxValue)
    {
        try
        {
            using var file = device.Open(name.ToString(), writable: false);
            var bytes = new byte[Math.Min(Math.Min(file.Length, Array.MaxLength), atMost)];
            if (file.Length > Array.MaxLength)
                unread.Add(new SalvageHole("no segment is as long", name.ToString(), bytes.Length, file.Length));
            return bytes.AsSpan(0, file.Read(bytes, 0)).ToArray();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            unread.Add(new SalvageHole("the device does not read it: " + exception.Message, name.ToString()));
            return null;
        }
    }

    private JournalEntry Read(IStorageFile file, Format.SalvagedFrame row)
    {
        var bytes = new byte[row.Size];
        var read = file.Read(bytes, row.Offset);
        var found = Format.FrameDecoding.read(seed, bytes.AsMemory(0, read), 0);
        if (found.IsError) throw SegmentFaults.Of(found.ErrorValue, names[row.File].ToString(), row.Offset);
        var frame = found.ResultValue.Frame;
        return frame.Body is Format.FrameBody.Entry body && Core.CanonicalBytes.tryRead(body.canonical) is { } data
            ? new JournalEntry(new Core.Entry(frame.Position, frame.Version, body.place.First, data.Value))
            : throw new JournalCorruptedException(names[row.File].ToString(), row.Offset, "the frame", "an entry", "another");
    }

    private static SalvageHole Hole(Format.MissingFrames missing)
    {
        var frames = string.Create(CultureInfo.InvariantCulture, $"frames {missing.FirstFrame} to {missing.LastFrame} were not found");
        return missing.LastPosition < missing.FirstPosition
            ? new SalvageHole(frames + "; no position is missing, a deletion may be")
            : new SalvageHole(frames, FirstPosition: missing.FirstPosition, LastPosition: missing.LastPosition);
    }
}
