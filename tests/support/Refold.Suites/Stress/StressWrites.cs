// Random appends, deletions and compactions on a journal that others read, close and open again meanwhile.
// Called by the tasks of StressRun, each with its own stream and dice.
using System.Collections.Concurrent;
using System.Globalization;
using System.Text;
using Refold.Segments;

namespace Refold.Suites;

/// <summary>Writes of one task.</summary>
/// <param name="facts">What is known.</param>
/// <param name="random">What is written.</param>
/// <param name="number">The task.</param>
/// <param name="retried">The first positions of keys that are being sent again: those must not be forgotten meanwhile.</param>
internal sealed class StressWrites(StressFacts facts, Random random, int number, ConcurrentDictionary<long, int> retried)
{
    private readonly List<(AppendRequest Request, Receipt Receipt)> kept = [];
    private int written;

    private string Own => "own" + Text(number);

    /// <summary>One append, until its outcome is known.</summary>
    public async Task AppendAsync(Func<Task<SegmentJournal>> open)
    {
        if (kept.Count > 0 && random.Next(10) == 0)
        {
            await AgainAsync(open);
            return;
        }

        var request = Request(await open());
        if (request.IdempotencyKey is null || random.Next(5) > 0) await SettleAsync(open, request);
        // Whatever position it gets lies behind this one.
        else await KeepingKeysAsync(facts.Acknowledged, () => ImpatientAsync(open, request));
    }

    public async Task DeleteAsync(SegmentJournal journal)
    {
        var stream = random.Next(2) == 0 ? "own" + Text(random.Next(4)) : "shared" + Text(random.Next(3));
        var version = facts.Highest(stream) - random.Next(40);
        if (version < 1) return;
        facts.Deleting(stream, version, isAnswered: false);
        await journal.DeleteToAsync(stream, version);
        facts.Deleting(stream, version, isAnswered: true);
    }

    public async Task CompactAsync(SegmentJournal journal)
    {
        using var impatient = random.Next(5) == 0
            ? new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(50)))
            : new CancellationTokenSource();
        var head = facts.Acknowledged;
        try
        {
            switch (random.Next(8))
            {
                case 0:
                    var position = random.NextInt64(1, head / 3 + 2);
                    facts.Deleting(null, position, isAnswered: false);
                    await journal.CompactAsync(new CompactionRequest.RetainFrom(position), null, impatient.Token);
                    facts.Deleting(null, position, isAnswered: true);
                    break;
                case 1:
                    facts.Deleting("doomed", long.MaxValue, isAnswered: false);
                    await journal.CompactAsync(new CompactionRequest.DeleteStream("doomed"), null, impatient.Token);
                    break;
                case 2:
                    await ForgetAsync(journal, head / 2 + 1, impatient.Token);
                    break;
                case 3 or 4:
                    await journal.CompactAsync(new CompactionRequest.DropDeleted(), null, impatient.Token);
                    break;
                default:
                    await journal.CompactAsync(
                        new CompactionRequest.Merge { MaxBytes = random.Next(2_000, 40_000) }, null, impatient.Token);
                    break;
            }
        }
        catch (OperationCanceledException) when (impatient.IsCancellationRequested)
        {
            // Whatever was done stays.
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);

    private async Task ForgetAsync(SegmentJournal journal, long before, CancellationToken cancellationToken)
    {
        facts.ForgettingKeys(before);
        if (!retried.Keys.Any(first => first < before))
            await journal.CompactAsync(new CompactionRequest.ForgetKeysBefore(before), null, cancellationToken);
    }

    /// <summary>The same request once more: the same answer.</summary>
    private async Task AgainAsync(Func<Task<SegmentJournal>> open)
    {
        var (request, receipt) = kept[random.Next(kept.Count)];
        await KeepingKeysAsync(receipt.FirstPosition, () =>
            receipt.FirstPosition >= facts.KeysBefore ? SettleAsync(open, request) : Task.CompletedTask);
    }

    /// <summary>A wait that is given up says nothing: the key tells later how it ended.</summary>
    private async Task ImpatientAsync(Func<Task<SegmentJournal>> open, AppendRequest request)
    {
        using var impatient = new CancellationTokenSource(TimeSpan.FromMilliseconds(random.Next(3)));
        try
        {
            await Task.WhenAll(
                (await open()).TryAppendAsync(request, impatient.Token).AsTask(), (await open()).TryAppendAsync(request).AsTask());
        }
        catch (OperationCanceledException) when (impatient.IsCancellationRequested)
        {
            // Sent again.
        }

        await SettleAsync(open, request);
    }

    /// <summary>Meanwhile no key from a position on is forgotten.</summary>
    private async Task KeepingKeysAsync(long position, Func<Task> work)
    {
        retried.AddOrUpdate(position, 1, (_, count) => count + 1);
        try
        {
            await work();
        }
        finally
        {
            if (retried.AddOrUpdate(position, 0, (_, count) => count - 1) == 0) retried.TryRemove(new(position, 0));
        }
    }

    private async Task SettleAsync(Func<Task<SegmentJournal>> open, AppendRequest request)
    {
        while (true)
        {
            switch (await (await open()).TryAppendAsync(request))
            {
                case AppendResult.Appended appended:
                    facts.Appended(request, appended.Receipt);
                    if (request.Condition is { } passed) facts.Passed(passed, appended.Receipt.FirstPosition);
                    if (request.IdempotencyKey is not null) kept.Add((request, appended.Receipt));
                    return;
                case AppendResult.NotAppended { Failure: AppendFailure.Unavailable }:
                    // Closed: whoever waits for the journal's next opening is told where that was wrong.
                    break;
                case AppendResult.NotAppended { Failure: AppendFailure.Conflict conflict } when conflict.Stream.Value != Own:
                    StressFacts.Demand(
                        new ExpectedVersion?(request.Expected[conflict.Stream]) != ExpectedVersion.Exactly(conflict.Actual),
                        () => $"{conflict} is none");
                    facts.Refused(request);
                    return;
                case AppendResult.NotAppended { Failure: AppendFailure.ConditionFailed failed } when request.Condition is { } condition:
                    StressFacts.Demand(failed.Position > condition.AsOf, () => $"{failed} of {condition}");
                    facts.Refused(request);
                    return;
                case var other:
                    throw StressFacts.Violation($"append of {Own}: {other}");
            }
        }
    }

    private AppendRequest Request(SegmentJournal journal)
    {
        var stream = random.Next(4) switch { 0 => "doomed", 1 => "shared" + Text(random.Next(3)), _ => Own };
        var entries = Enumerable.Range(0, random.Next(1, 4)).Select(item => Entry(random.Next(5) == 0 ? "shared0" : stream)).ToArray();
        var request = new AppendRequest(entries)
        {
            Pipelined = random.Next(10) == 0,
            IdempotencyKey = random.Next(2) == 0 ? $"{Own}.{Text(written)}" : null
        };
        if (entries[0].Stream.Value == Own) request = request with { Expected = Expect(Own, facts.Highest(Own)) };
        else if (stream.StartsWith("shared", StringComparison.Ordinal) && random.Next(2) == 0)
            request = request with { Expected = Expect(entries[0].Stream.Value, facts.Highest(entries[0].Stream.Value)) };
        if (random.Next(6) == 0)
            request = request with
            {
                Condition = new AppendCondition(
                    Query.WithTags(StressReads.Tags[random.Next(3)]), Math.Max(0, facts.Acknowledged - random.Next(4)))
            };
        return request;
    }

    private static Dictionary<StreamId, ExpectedVersion> Expect(string stream, long version) =>
        new() { [stream] = version == 0 ? ExpectedVersion.NoStream : ExpectedVersion.Exactly(version) };

    private EntryData Entry(string stream)
    {
        // Now and then more than a segment has room for.
        var bytes = random.Next(40) == 0 ? 3000 : random.Next(120);
        return new EntryData(stream, "Happened", Encoding.UTF8.GetBytes($"{Text(number)}.{Text(++written)} {new string('x', bytes)}"))
        {
            Tags = [StressReads.Tags[random.Next(3)]]
        };
    }
}
