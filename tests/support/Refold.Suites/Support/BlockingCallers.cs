// A process whose pool has 4 threads, for good, and 40 callers that each block one until their appends and commands are answered.
// Started by the tests of the stores; its other end is called by Program.
using System.Diagnostics;
using System.Diagnostics.Metrics;
using System.Globalization;
using Refold.Segments;
using Xunit;

namespace Refold.Suites;

internal static class BlockingCallers
{
    /// <summary>The first argument of the process.</summary>
    public const string Verb = "block-callers";

    private const int Threads = 4;
    private const int Callers = 40;
    private const int Rounds = 5;

    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);

    /// <summary>Every caller is answered, in a journal of this URI.</summary>
    public static void AreAnswered(string uri)
    {
        using var process = Process.Start(
            new ProcessStartInfo("dotnet", [Program.Assembly, Verb, uri]) { RedirectStandardOutput = true })!;
        var said = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.Equal(
            "400 appended, 400 tried, 1200 by gates, 160 deleted, 1200 executed, 2 held up by nobody, "
            + "0 threads of the pool more than 4\n",
            said);
    }

    /// <summary>The other end. It does not await: that would need a thread of the pool.</summary>
    public static int Run(string uri)
    {
        ThreadPool.SetMinThreads(Threads, Threads);
        ThreadPool.SetMaxThreads(Threads, Threads);
        var journal = Journal.Open(uri);
        var run = journal.StartRunAsync(RunFixture.Pin).GetAwaiter().GetResult();
        var asked = run.Streams(RandomAggregate.Create("asked", SeededRng.FromSeed(1)));
        // Once as they are and once measured, where somebody listens to each.
        using var metrics = new MeterListener { InstrumentPublished = (instrument, all) => all.EnableMeasurementEvents(instrument) };
        var counts = new int[5];
        foreach (var isMeasured in new[] { false, true })
        {
            if (isMeasured) metrics.Start();
            using var left = new CountdownEvent(Callers);
            for (var caller = 0; caller < Callers; caller++)
            {
                var stream = StreamId.Create("caller/" + caller.ToString(CultureInfo.InvariantCulture));
                var own = StreamId.Create("asked/" + caller.ToString(CultureInfo.InvariantCulture));
                ThreadPool.UnsafeQueueUserWorkItem(
                    _ =>
                    {
                        Call(journal, stream, counts);
                        Execute(asked, own, counts);
                        left.Signal();
                    },
                    null);
            }

            if (!left.Wait(Patience)) return 1;
        }

        if (DoneElsewhere() is not { } done) return 1;
        var more = Math.Max(0, ThreadPool.ThreadCount - Threads);
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{counts[0]} appended, {counts[1]} tried, {counts[4]} by gates, {counts[2]} deleted, {counts[3]} executed, {done}, "
            + $"{more} threads of the pool more than {Threads}"));
        return 0;
    }

    // With every thread of the pool blocked: what one of Refold's own threads does may wait for what another does.
    private static string? DoneElsewhere()
    {
        using var blocked = new CountdownEvent(Threads);
        using var release = new ManualResetEventSlim();
        using var second = new ManualResetEventSlim();
        using var done = new CountdownEvent(2);
        for (var thread = 0; thread < Threads; thread++)
        {
            ThreadPool.UnsafeQueueUserWorkItem(
                _ =>
                {
                    blocked.Signal();
                    release.Wait();
                },
                null);
        }

        if (!blocked.Wait(Patience)) return null;
        Elsewhere.Do(
            _ =>
            {
                if (second.Wait(Patience)) done.Signal();
            },
            0);
        Elsewhere.Do(
            _ =>
            {
                second.Set();
                done.Signal();
            },
            0);
        var isDone = done.Wait(Patience);
        release.Set();
        return isDone ? "2 held up by nobody" : null;
    }

    private static void Execute(AggregateStreams<Known, Ask, Told, Denied> asked, StreamId own, int[] counts)
    {
        using var cancellation = new CancellationTokenSource();
        var shared = StreamId.Create("asked/shared");
        for (var round = 0; round < Rounds; round++)
        {
            foreach (var (stream, what) in new[] { (own, "roll"), (shared, "many"), (shared, "deny") })
            {
                asked.ExecuteAsync(stream, new Ask(what, round), cancellation.Token).GetAwaiter().GetResult();
                Interlocked.Increment(ref counts[3]);
            }
        }
    }

    private static void CallByGates(ILocalJournal journal, EntryData entry, int[] counts)
    {
        using var cancellation = new CancellationTokenSource();
        var gates = new GateSet<bool>("open").Add(new("open", "", open => open ? null : new GateDenial("open", "CLOSED", "it is closed")));
        var request = new AppendRequest(entry) { Gates = gates };
        gates.Evaluate(true, request, out var pass);
        _ = journal.AppendAsync(request with { Pass = pass }, cancellation.Token).AsTask().GetAwaiter().GetResult();
        Interlocked.Increment(ref counts[4]);
        var options = new GateOptions { RecordDenials = true };
        var tried = journal.TryAppendAsync(request, gates, true, options, cancellation.Token).AsTask().GetAwaiter().GetResult();
        if (tried is AppendResult.Appended) Interlocked.Increment(ref counts[4]);
        tried = journal.TryAppendAsync(request, gates, false, options, cancellation.Token).AsTask().GetAwaiter().GetResult();
        if (tried is AppendResult.NotAppended { Failure: AppendFailure.Denied { Record: AppendResult.Appended } })
            Interlocked.Increment(ref counts[4]);
    }

    private static void Call(ILocalJournal journal, StreamId stream, int[] counts)
    {
        using var cancellation = new CancellationTokenSource();
        for (var round = 0; round < Rounds; round++)
        {
            var entry = Samples.Entry(stream.ToString(), "x");
            _ = journal.AppendAsync(new AppendRequest(entry) { Pipelined = round % 2 == 0 }).AsTask().GetAwaiter().GetResult();
            Interlocked.Increment(ref counts[0]);
            var tried = journal.TryAppendAsync(new AppendRequest(entry), cancellation.Token).AsTask().GetAwaiter().GetResult();
            if (tried is AppendResult.Appended) Interlocked.Increment(ref counts[1]);
            CallByGates(journal, entry, counts);
            if (round % 3 > 0) continue;
            journal.DeleteToAsync(stream, journal.HighestVersion(stream) - 1, cancellation.Token).AsTask().GetAwaiter().GetResult();
            if (journal is SegmentJournal segments) segments.FlushAsync().AsTask().GetAwaiter().GetResult();
            Interlocked.Increment(ref counts[2]);
        }
    }
}
