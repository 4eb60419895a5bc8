// Checking a directory from the first byte to the last, without changing one.
// Called by SegmentJournal.Verify, for the tool and for people who keep backups.
using Refold.Interop;

namespace Refold.Segments;

/// <summary>What verifying the files of a journal found.</summary>
/// <param name="Entries">How many entries are whole before the first fault.</param>
/// <param name="Head">The head behind them.</param>
/// <param name="First">The first fault; null where every byte is in order.</param>
/// <param name="Torn">Whether the fault is one that opening for writing heals: a torn tail, a segment that was not quite begun, COMMIT
/// without a valid slot, or a damaged checkpoint.</param>
public sealed record SegmentVerification(long Entries, Head Head, SegmentFault? First, bool Torn)
{
    /// <summary>Whether every byte is in order.</summary>
    public bool Ok => First is null;

    /// <summary>How many of the entries, and how many deletions, lie behind the end that is known to be flushed; a journal opened for
    /// reading does not have them.</summary>
    public long Unconfirmed { get; init; }

    internal static SegmentVerification Of(IStorageDevice device)
    {
        try
        {
            if (!device.Exists || FileNames.Segments(device).Count == 0 && CommitFile.ReadBytes(device) is null)
                throw SegmentFaults.NoJournal(device);
            return DirectoryPlan.Settled(device, () => Check(device), found => !found.Ok);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw JournalOpenException.OfDevice($"The journal {device.Place} cannot be read", exception);
        }
    }

    private static SegmentVerification Check(IStorageDevice device)
    {
        // Before the frames are read: what these are over is flushed.
        var checkpoints = new CheckpointVerification(device);
        var (plan, refusal) = DirectoryPlan.Of(device, new Format.OpeningWays(checkpoint: false, footers: false, scan: true));
        // What is refused before a frame is read still has frames, and the first that is wrong tells more.
        var scanner = plan is null ? new Format.SegmentScanner() : new Format.SegmentScanner(plan.ScanStart(_ => 0));
        var names = plan is null ? FileNames.Segments(device) : [.. plan.Segments.Select(segment => segment.Name)];
        var (entries, unconfirmed, keysBefore) = (0L, 0L, 0L);
        foreach (var segment in ScannedSegment.All(device, scanner, names, checksFooters: true))
        {
            entries += segment.Entries;
            keysBefore = segment.Found.Items.Aggregate(keysBefore, Format.IndexRows.keysBefore);
            checkpoints.Compare(segment);
            unconfirmed += plan is null ? 0 : segment.Unconfirmed(plan.ConfirmedEnd(scanner));
            if (segment.Fault is { } fault) return Found(Fault(fault, scanner.Head.Position + 1));
            if (plan is not null && segment.Torn is { } torn)
                return Found(
                    new SegmentFault(scanner.Head.Position + 1, "torn tail: " + torn.Reason, torn.File, torn.Offset), isTorn: true);
        }

        if (refusal is not null) return Found(Fault(DirectoryPlan.Exception(refusal), null));
        // A base may forget keys of batches behind it, but none that are still to come.
        if (keysBefore > scanner.Head.Position + 1)
            return Found(
                new SegmentFault(
                    null, $"the position of forgotten keys is {NumberText.Of(keysBefore)}, expected one of the journal",
                    names[0].ToString(), Format.SegmentHeaderModule.bytes));
        var spare = CheckSpare(device, scanner);
        if (spare is not null) return Found(spare, isTorn: true);
        var (commit, isGarbage) = CheckCommit(device);
        if (commit is null && checkpoints.First is var (damage, isHealed)) return Found(Fault(damage, null), isHealed);
        return Found(commit, isGarbage);

        SegmentVerification Found(SegmentFault? first, bool isTorn = false) =>
            new(entries, scanner.Head, first, isTorn) { Unconfirmed = unconfirmed };
    }

    private static SegmentFault Fault(JournalException exception, long? position) => exception is JournalCorruptedException corrupted
        ? new SegmentFault(
            position, $"{corrupted.What} is {corrupted.Found}, expected {corrupted.Expected}", corrupted.File, corrupted.Offset)
        : throw exception;

    /// <summary>Slots and zeros. Without any slot that is valid it may be a block that was written when the power failed:
    /// opening for writing heals that.</summary>
    private static (SegmentFault? Fault, bool IsGarbage) CheckCommit(IStorageDevice device)
    {
        var bytes = CommitFile.ReadBytes(device);
        var found = Format.Commit.read(bytes ?? []).ResultValue;
        if (!found.Damaged.IsEmpty) return (Fault(SegmentFaults.Of(found.Damaged.Head, Format.FileName.commit), null), found.Slot is null);
        if (bytes is null) return (null, false);
        using var file = device.Open(Format.FileName.commit, writable: false);
        var (expected, length) = ((long)Format.Commit.fileBytes, file.Length);
        // Cut off, it may never have been longer: a writer that ended while it made the file.
        return (
            length == expected
                ? null
                : new SegmentFault(
                    null, $"the length of COMMIT is {NumberText.Of(length)}, expected {NumberText.Of(expected)}", Format.FileName.commit,
                    Math.Min(length, expected)),
            found.Slot is null);
    }

    /// <summary>A segment that was not begun yet holds zeros, or its header and zeros where a crash came between that and its
    /// name.</summary>
    private static SegmentFault? CheckSpare(IStorageDevice device, Format.SegmentScanner scanner)
    {
        if (!device.List().Contains(FileNames.Spare)) return null;
        using var file = device.Open(FileNames.Spare, writable: false);
        var bytes = new byte[file.Length];
        bytes = bytes[..file.Read(bytes, 0)];
        if (
            Format.SegmentHeaderModule.decode(bytes) is { IsOk: true, ResultValue: var header }
            && (scanner.JournalId is null || scanner.JournalId.Value == header.JournalId))
            bytes.AsSpan(0, Format.SegmentHeaderModule.bytes).Clear();
        var written = bytes.AsSpan().IndexOfAnyExcept((byte)0);
        return written < 0 ? null : new SegmentFault(null, "a byte of the spare segment is not zero", FileNames.Spare, written);
    }
}

/// <summary>The first thing that is not in order.</summary>
/// <param name="Position">The first position that could not be confirmed, where it is known.</param>
/// <param name="What">What is wrong: field, found and expected.</param>
/// <param name="File">The file.</param>
/// <param name="Offset">The offset in bytes from the start of the file.</param>
public sealed record SegmentFault(long? Position, string What, string File, long Offset);
