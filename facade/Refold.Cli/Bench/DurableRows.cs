// Rows of durable appends against the raw loop: one by one, and how many answers a flush carries.
// Part of the tool's own rows; what databases do is in the benchmark program.
using System.Diagnostics;
using Refold.Segments;

namespace Refold.Bench;

internal static class DurableRows
{
    public static IEnumerable<Row> All =>
    [
        new(
            "append.one.raw", "Durable appends of one entry, each answered before the next, against the raw loop of the same bytes",
            "entries/s", Better.Larger, "raw fdatasync", 0.95, OneByOne),
        new(
            "appenders.1024.flushes", "1024 appenders that wait for each answer: answers for each flush", "answers", Better.Larger,
            "one a flush", 100, AnswersPerFlush),
    ];

    /// <summary>The raw loop of a session.</summary>
    public static RawFile Raw(BenchSession session) => session.Kept("raw", () => new RawFile(session.NewFolder("raw")));

    /// <summary>What stands beside durable figures.</summary>
    public static string FlushBeside(BenchSession session, int bytes) => string.Create(
        System.Globalization.CultureInfo.InvariantCulture,
        $"a raw fdatasync of {bytes} B takes {Raw(session).FlushMicroseconds(session.Scaled(101, 5), bytes):F0} us");

    /// <summary>Appenders that each wait for their answers; the appends a second.</summary>
    public static double Appenders(ILocalJournal journal, int appenders, int each)
    {
        var entries = Payloads.Entries(appenders, appenders);
        return Measure.Rate((long)appenders * each, () => Task.WaitAll(entries.Select(entry => Task.Run(async () =>
        {
            for (int number = 0; number < each; number++) await journal.AppendAsync(new AppendRequest(entry) { Pipelined = true });
        }))));
    }

    private static Figures OneByOne(BenchSession session)
    {
        var raw = Raw(session);
        WarmUp(session);
        using var opened = new MadeJournal.Closing(SegmentJournal.Open(session.NewFolder("one-by-one")));
        int count = session.Scaled(200, 5);
        var entries = Payloads.Entries(count, 1);
        int frame = FrameBytes();
        byte[] bytes = new byte[frame];
        var figures = Measure.Interleaved(
            (2 * session.Rounds) + 1,
            () => Measure.Rate(count, () => MadeJournal.Append(opened.Journal, entries, 1)),
            () => Measure.Rate(count, () =>
            {
                for (int number = 0; number < count; number++) raw.Append(bytes);
            }));
        return figures with { Beside = FlushBeside(session, frame) };
    }

    // Without flushes, so that it takes no time: a few hundred appends alone would measure code that the runtime has yet to compile, of
    // which the raw loop has next to none.
    private static void WarmUp(BenchSession session)
    {
        using var opened = new MadeJournal.Closing(SegmentJournal.Open(
            session.NewFolder("warm-up"), new JournalOptions { Segments = new() { Durability = Durability.PowerCutLosesNewest } }));
        for (int rounds = session.Scaled(40, 1); rounds > 0; rounds--)
            MadeJournal.Append(opened.Journal, Payloads.Entries(session.Scaled(1000, 5), 1), 1);
    }

    private static Figures AnswersPerFlush(BenchSession session)
    {
        using var opened = new MadeJournal.Closing(SegmentJournal.Open(session.NewFolder("appenders")));
        int appenders = 1024, each = session.Scaled(20, 2);
        long flushes = 0;
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RefoldTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> creation) =>
                creation.Name == RefoldTelemetry.FlushActivity ? ActivitySamplingResult.PropagationData : ActivitySamplingResult.None,
            ActivityStopped = activity =>
            {
                if (activity.OperationName == RefoldTelemetry.FlushActivity) Interlocked.Increment(ref flushes);
            },
        };
        ActivitySource.AddActivityListener(listener);
        double answers = Measure.Repeated(session.Rounds, () =>
        {
            flushes = 0;
            Appenders(opened.Journal, appenders, each);
            return (double)appenders * each / Math.Max(1, Interlocked.Read(ref flushes));
        });
        return new Figures(answers, 1) { Beside = FlushBeside(session, FrameBytes()) };
    }

    // What is written for an entry of this size: its canonical bytes, and a frame of FORMAT.md around them.
    private static int FrameBytes()
    {
        const int Around = 80;
        return (new JournalEntry(1, 1, 1, Payloads.Entries(1, 1)[0]).ToCanonicalBytes().Length + Around + 7) / 8 * 8;
    }
}
