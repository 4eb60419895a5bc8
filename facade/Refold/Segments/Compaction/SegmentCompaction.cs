// Compaction of an open journal, while appends and reads go on: only sealed segments are touched. FORMAT.md, "Compaction" and "Marker".
// Made by SegmentJournal.CompactAsync for one request.
using Microsoft.FSharp.Core;
using Refold.Interop;

namespace Refold.Segments;

/// <summary>One compaction.</summary>
/// <param name="store">The files.</param>
/// <param name="index">What is committed, as of each call.</param>
/// <param name="write">Queues a write and waits for it.</param>
/// <param name="goOver">Opens the files without those that are replaced, and goes over to them; for a <see cref="PendingChange"/>.</param>
internal sealed class SegmentCompaction(
    SegmentStore store, Func<SegmentIndex> index, Func<PendingWrite, Task<AppendResult?>> write,
    Action<SegmentLog, long, IReadOnlyCollection<string>> goOver)
{
    private readonly WatchedDirectory device = store.Device;

    // The version that a deleted stream counts as its highest.
    private long highestDeleted = long.MaxValue;

    /// <summary>Plans and replaces. Ends with a whole journal, however it ends.</summary>
    /// <exception cref="OperationCanceledException">It was cancelled between two new segments; those that were made stay.</exception>
    /// <exception cref="JournalCorruptedException">A sealed segment is damaged; it was not replaced.</exception>
    /// <exception cref="JournalException">There is no room, the device failed, or the journal takes no writes.</exception>
    public async Task<CompactionReport> RunAsync(
        CompactionRequest request, long deletedTo, IProgress<CompactionProgress>? progress, CancellationToken cancellationToken)
    {
        highestDeleted = deletedTo;
        var (drop, nothing) = (Drop(request), new CompactionReport(0, 0, 0, 0, store.SetGeneration));
        // Before the first position no batch begins.
        if (request is CompactionRequest.ForgetKeysBefore { Position: > 1 } forget)
            await WriteAsync(new PendingForgetting(forget.Position)).ConfigureAwait(false);
        // Asked where appends are decided, so that nothing comes in between; a journal that takes no writes refuses here.
        var (asked, mayChange) = (default(CompactionMoment), false);
        await ChangeAsync(log =>
        {
            asked = Moment(request);
            mayChange = asked != index().NothingToCompact
                && new CompactionNeeds(index(), store.Segments, store.HasGaps).MayChange(request, MergeBytes(request), highestDeleted);
            if (mayChange) EndSegmentIfTouched(log, drop);
            else index().NothingToCompact = asked;
        }).ConfigureAwait(false);
        if (!mayChange || Decide(drop, MergeBytes(request)) is not { } decision) return nothing;
        foreach (var (stream, version) in decision.Deletions) await WriteAsync(new PendingDeletion(stream, version)).ConfigureAwait(false);
        var steps = Plan(decision, progress, cancellationToken);
        var report = new CompactionReport(0, 0, 0, 0, store.SetGeneration);
        for (var done = 0; done < steps.Count; done++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new CompactionProgress(CompactionPhase.Replacing, done, steps.Count));
            var (before, after) = await ReplaceAsync(steps[done]).ConfigureAwait(false);
            report = new CompactionReport(
                report.Replaced + steps[done].Sources.Length, done + 1, report.BytesBefore + before, report.BytesAfter
                    + after, store.SetGeneration);
        }

        progress?.Report(new CompactionProgress(CompactionPhase.Replacing, steps.Count, steps.Count));
        // What was read in vain is not read again as long as nothing of it is another.
        if (steps.Count == 0) index().NothingToCompact = asked;
        return report;
    }

    private static Format.CompactionDrop[] Drop(CompactionRequest request) => request switch
    {
        CompactionRequest.RetainFrom retain =>
            [Format.CompactionDrop.NewBefore(retain.Position), .. retain.ProvableSizes.Select(Format.CompactionDrop.NewProvable)],
        CompactionRequest.DeleteStream delete => [Format.CompactionDrop.NewStream(delete.Stream)],
        CompactionRequest.ForgetKeysBefore forget => [Format.CompactionDrop.NewKeysBefore(forget.Position)],
        CompactionRequest.DropDeleted => [Format.CompactionDrop.Deleted],
        _ => [],
    };

    private long MergeBytes(CompactionRequest request) =>
        request is CompactionRequest.Merge merge ? merge.MaxBytes ?? store.SegmentBytes : 0;

    private CompactionMoment Moment(CompactionRequest request)
    {
        var extent = request switch
        {
            CompactionRequest.RetainFrom => index().Head.Position,
            CompactionRequest.DeleteStream delete => Math.Min(index().HighestVersion(delete.Stream), highestDeleted),
            _ => 0,
        };
        return new CompactionMoment(request, extent, index().Deletions, index().KeysBefore, store.Segments.Count);
    }

    /// <summary>What goes; null where nothing does, or nothing of it is sealed.</summary>
    private Format.CompactionDecision? Decide(IEnumerable<Format.CompactionDrop> drop, long mergeBytes)
    {
        // What went before has no leaf left: only deletions can take one, and the stream that is asked for.
        var floors = index().DeletedFloors().ToDictionary(stream => stream.Id, stream => stream.Floor);
        foreach (var item in drop.OfType<Format.CompactionDrop.Stream>()) floors[item.stream] = index().Floor(item.stream);
        var view = CompactionTranslation.View(
            store.Segments.Select(segment => segment.Header), stream => Math.Min(index().HighestVersion(stream), highestDeleted),
            floors.Select(floor => (floor.Key, floor.Value)),
            index().KeysBefore);
        var decided = Format.Compaction.decide(new Format.CompactionRequest(drop.ToFSharpList(), mergeBytes), view);
        return decided.IsOk ? decided.ResultValue : null;
    }

    /// <summary>What lies in the segment that is written to can go only once that is sealed.</summary>
    private void EndSegmentIfTouched(SegmentLog log, Format.CompactionDrop[] drop)
    {
        var active = store.Active.Header;
        // Without an entry of its own it would be sealed for nothing.
        if (drop.Length == 0 || index().Head.Position < active.FirstPosition) return;
        var ends = drop.Any(item => item is Format.CompactionDrop.Before before && before.position >= active.FirstPosition);
        var others = drop.Where(item => item is not Format.CompactionDrop.Before);
        if (ends || (Decide(others, 0) is { } decision && Format.Compaction.touches(decision.Rule, Read(store.Active)))) log.EndSegment();
    }

    private List<Format.CompactionStep> Plan(
        Format.CompactionDecision decision, IProgress<CompactionProgress>? progress, CancellationToken cancellationToken)
    {
        var segments = store.Segments;
        var planner = new Format.CompactionPlanner(decision, segments.Select(segment => segment.Header).ToFSharpList());
        var (done, total) = (0, planner.Sources.Length);
        foreach (var name in planner.Sources)
        {
            cancellationToken.ThrowIfCancellationRequested();
            progress?.Report(new CompactionProgress(CompactionPhase.Planning, done++, total));
            planner.Add(Read(segments.Single(segment => segment.Name.Equals(name))));
        }

        progress?.Report(new CompactionProgress(CompactionPhase.Planning, total, total));
        return [.. planner.Steps];
    }

    private async Task<(long Before, long After)> ReplaceAsync(Format.CompactionStep step)
    {
        var sources = step.Sources.Select(name => store.Segments.Single(segment => segment.Name.Equals(name))).ToList();
        var setGeneration = store.SetGeneration + 1;
        var (before, after) = (sources.Sum(source => source.ReadLength()), 0L);
        var failures = device.Failures;
        try
        {
            var target = Build(step, sources);
            store.RequireHeld();
            after = target.Seal.TrailerOffset + target.Seal.Trailer.Length;
            CompactionFiles.WriteTarget(device, target);
            CompactionFiles.WriteMarker(
                device, new Format.CompactionMarker(sources[0].Header.JournalId, setGeneration, step.Sources, step.Target));
            device.RequireNoFailureSince(failures);
            store.RequireHeld();
        }
        catch (PlaceLostException exception)
        {
            CompactionFiles.Abandon(device);
            await ChangeAsync(log => log.Poison(exception)).ConfigureAwait(false);
            throw;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            CompactionFiles.Abandon(device);
            throw new JournalException(
                "compaction-failed",
                $"{step.Target} could not be written: {exception.Message} Nothing was replaced by it; make room and compact again.",
                exception);
        }

        // From here on a device that fails leaves in doubt which files count: opening again settles it.
        try
        {
            CompactionFiles.Switch(device, step.Target);
            device.RequireNoFailureSince(failures);
            string[] gone = [.. step.Sources.Select(source => source.ToString())];
            await ChangeAsync(log => goOver(log, setGeneration, [.. gone, Format.FileName.pending])).ConfigureAwait(false);
            CompactionFiles.Clear(device, gone);
            return (before, after);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            await ChangeAsync(log => log.Poison(exception)).ConfigureAwait(false);
            throw new JournalException(
                "compaction-failed",
                $"The device failed while {step.Target} was put in place: {exception.Message} Nothing is lost; open the journal again.",
                exception);
        }
    }

    private Format.CompactionTarget Build(Format.CompactionStep step, List<SegmentFile> sources)
    {
        var builder = new Format.CompactionBuilder(step);
        foreach (var source in sources) builder.Add(Read(source));
        return builder.Finish();
    }

    /// <summary>Every byte of a segment, checked.</summary>
    private Format.CompactionSource Read(SegmentFile segment)
    {
        var bytes = segment.ReadBytes(0, (int)segment.ReadLength());
        var source = Format.Compaction.source(
            ReferenceEquals(segment, store.Segments[0]), FuncConvert.FromFunc(() => BatchesBefore(segment)), bytes);
        return source.IsOk ? source.ResultValue : throw SegmentFaults.Of(source.ErrorValue, segment.Name.ToString());
    }

    /// <summary>What the batches before a segment come to, from the segment before it.</summary>
    private Core.TreePlace BatchesBefore(SegmentFile segment)
    {
        var segments = store.Segments;
        var place = Enumerable.Range(0, segments.Count).First(number => ReferenceEquals(segments[number], segment));
        var source = Read(segments[place - 1]);
        return Format.IndexRows.placeBehind(source.Tree, source.Items);
    }

    private Task ChangeAsync(Action<SegmentLog> change) => WriteAsync(new PendingChange(change));

    private async Task WriteAsync(PendingWrite change) => _ = (await write(change).ConfigureAwait(false))?.ReceiptOrThrow();
}
