// What lies in a journal's directory, and how the core would open it.
// Called by OpenedDirectory and SegmentVerification.
using Refold.Interop;

namespace Refold.Segments;

internal static class DirectoryPlan
{
    // A writer that rotates between each two tries is not waited for.
    private const int MaxTries = 10;

    // Each time a file went, and none comes back.
    private const int MaxListings = 1000;

    // A compaction's marker, and what an interrupted compaction or checkpoint leaves under names that nobody reads.
    private static readonly string[] Marks =
        [Format.FileName.pending, Format.FileName.pendingUnfinished, Format.FileName.targetUnfinished,
            Format.FileName.checkpointUnfinished];

    /// <summary>Plans, or refuses.</summary>
    /// <param name="device">The directory.</param>
    /// <param name="ways">The ways that may be taken.</param>
    /// <param name="without">Files that are about to be removed: they count as gone.</param>
    public static (Format.OpeningPlan? Plan, Format.Refusal? Refusal) Of(
        IStorageDevice device, Format.OpeningWays ways, IReadOnlyCollection<string>? without = null)
    {
        // Before the names: a writer may go on meanwhile, and COMMIT must not speak of a segment that was not listed yet.
        var commit = CommitFile.ReadBytes(device);
        var files = new List<(string, long)>();
        var roots = new Dictionary<string, ReadOnlyMemory<byte>>(StringComparer.Ordinal);
        foreach (var name in device.List().Except(without ?? [], StringComparer.Ordinal))
        {
            if (name == Format.FileName.commit)
            {
                if (commit is not null) files.Add((name, commit.Length));
            }
            else if (Format.FileName.tryCheckpoint(name) is not null)
            {
                // Read now: a writer removes it once it has a later one.
                if (CheckpointLoading.ReadFirst(device, name) is not ({ } length, var root)) continue;
                files.Add((name, length));
                roots.Add(name, root);
            }
            else if (Format.FileName.trySegment(name) is not null || Marks.Contains(name))
            {
                using var file = device.Open(name, writable: false);
                files.Add((name, file.Length));
            }
        }

        return OpeningTranslation.Plan(files, Read, ways);

        ReadOnlyMemory<byte> Read(string name, long offset, int count)
        {
            if (roots.TryGetValue(name, out var root)) return root;
            if (name == Format.FileName.commit) return commit.AsMemory((int)offset, Math.Min(count, commit!.Length - (int)offset));
            using var file = device.Open(name, writable: false);
            var bytes = new byte[count];
            return bytes.AsMemory(0, file.Read(bytes, offset));
        }
    }

    /// <summary>The number of the last frame that a reader may take, once all segments were scanned. A journal whose COMMIT says nothing
    /// was written by an older version, or its COMMIT is lost: then all that is whole counts.</summary>
    public static long ConfirmedEnd(this Format.OpeningPlan plan, Format.SegmentScanner scanner) =>
        plan.Commit is null ? long.MaxValue : Math.Max(plan.Flushed, scanner.FlushedEnd);

    /// <summary>The exception for a refusal.</summary>
    public static JournalException Exception(Format.Refusal refusal) => refusal is Format.Refusal.Damaged damaged
        ? SegmentFaults.Of(damaged.error, damaged.file)
        : new JournalOpenException($"The journal cannot be opened so: {refusal}.");

    /// <summary>Reads beside a writer: what looked wrong is read again as long as the writer went on meanwhile.</summary>
    public static T Settled<T>(IStorageDevice device, Func<T> read, Func<T, bool> looksWrong)
    {
        for (var tries = 1; ; tries++)
        {
            var before = CommitFile.ReadBytes(device);
            try
            {
                var result = read();
                if (!looksWrong(result) || IsSettled()) return result;
            }
            catch (JournalCorruptedException) when (!IsSettled())
            {
                // Read again.
            }
            catch (Exception exception) when (exception is FileNotFoundException or SegmentGoneException && tries < MaxListings)
            {
                // Compaction removed it between the listing and now, or before its index was asked: list again.
            }

            bool IsSettled() => tries >= MaxTries || before.AsSpan().SequenceEqual(CommitFile.ReadBytes(device));
        }
    }
}
