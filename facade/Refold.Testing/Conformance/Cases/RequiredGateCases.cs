// What is promised of a journal that is opened with gates: whatever writes gets through them, or is not there.
// Run by JournalConformance.
using System.Text;

namespace Refold.Testing;

internal static class RequiredGateCases
{
    public static IReadOnlyList<JournalCase> All { get; } =
    [
        Of("a journal that is opened with gates says which, and one that is opened without says none", SaysAsync),
        Of("where gates demand a pass, nothing gets in without one, by any way of writing", MissingAsync),
        Of("where gates demand a pass, one of other entries, another set or a used one lets nothing in", OtherAsync),
        Of("gates over batches are asked once about each append, and what they deny is not there", AskedAsync),
        Of("denials are recorded one by one where that is asked for, and bypasses always", RecordedAsync),
        Of("what Refold keeps of its own work gets through gates unasked", OwnAsync),
        Of("a gate that throws denies, and a journal that is closed or cancelled asks nobody", ThrowingAsync),
        Of("of appends from many threads through gates, the allowed ones are there", AtOnceAsync),
        Of("a restored batch gets through gates, or a bypass of theirs let the very same through elsewhere", RestoredAsync,
            JournalCapabilities.Restore),
        Of("a known key is answered with its first receipt, whatever gates say now", KnownAsync, JournalCapabilities.Keys),
        Of("what gates let in is there when the journal is opened again, and nothing else", ReopenedAsync, JournalCapabilities.Durability),
    ];

    private const string Name = "house";

    // Of another context: only whoever appends can have it asked.
    private static readonly GateSet<bool> Demanding = new GateSet<bool>(Name)
        .Add(new("open", "", open => open ? null : new GateDenial("open", "CLOSED", "it is closed")));

    private static JournalCase Of(string name, Func<JournalBench, Task> run, JournalCapabilities needs = JournalCapabilities.None) =>
        JournalCase.Of(name, run, needs | JournalCapabilities.RequiredGates);

    // No payload may have the word; counts what it is asked about.
    private static GateSet<EncodedBatch> Words(Action<EncodedBatch>? asked = null) => new GateSet<EncodedBatch>(Name)
        .Add(new("words", "nothing forbidden", batch =>
        {
            asked?.Invoke(batch);
            var isDenied = Enumerable.Range(0, batch.Count).Any(index => IsForbidden(batch.Payload(index)));
            return isDenied ? new GateDenial("words", "FORBIDDEN", "a forbidden word") : null;
        }));

    private static bool IsForbidden(ReadOnlyMemory<byte> payload) =>
        Encoding.UTF8.GetString(payload.Span).Contains("forbidden", StringComparison.Ordinal);

    private static AppendRequest Request(string word = "allowed") =>
        new(JournalBench.Entry("a", $"\"{word}\""), JournalBench.Entry("b", "\"more\""));

    private static async Task<AppendResult> TryAsync(JournalBench bench, EncodedBatch batch) =>
        await Expect.Within(bench.Journal.TryAppendAsync(batch).AsTask(), "the answer to an append");

    private static async Task<AppendResult> RestoreAsync(JournalBench bench, IReadOnlyList<JournalEntry> batch) =>
        await Expect.Within(bench.Journal.TryRestoreAsync(batch).AsTask(), "the answer to a restored batch");

    private static void Refused(AppendResult result, PassFault fault, string what) => Expect.Equal(
        new AppendFailure.PassRefused(Name, fault), Expect.NotAppended<AppendFailure.PassRefused>(result, what), "the reason");

    private static AppendFailure.Denied Denied(AppendResult result, string what) => Expect.NotAppended<AppendFailure.Denied>(result, what);

    private static async Task NothingIsThereAsync(JournalBench bench)
    {
        Expect.Equal(default, await bench.Read.HeadAsync(), "the head of a journal that nothing got into");
        Expect.Equal(0, (await bench.Read.AllAsync()).Count, "the number of entries that did not get through");
        Expect.Equal(0, (await bench.Read.StreamsAsync()).Count, "the number of streams that nothing got into");
    }

    private static async Task SaysAsync(JournalBench bench)
    {
        Expect.True(bench.Journal.RequiredGates is null, "a journal that is opened without gates says that it demands some");
        await bench.ReopenWithGatesAsync(Demanding);
        Expect.True(ReferenceEquals(bench.Journal.RequiredGates, Demanding), "a journal that is opened with gates does not say so");
    }

    private static async Task MissingAsync(JournalBench bench)
    {
        await bench.ReopenWithGatesAsync(Demanding);
        Refused(await bench.TryAsync(Request()), PassFault.Missing, "an append without a pass");
        Refused(await bench.TryAsync(JournalBench.Entry("a")), PassFault.Missing, "an append of one entry without a pass");
        var batch = Request().Encode();
        Refused(await TryAsync(bench, batch), PassFault.Missing, "an encoded batch without a pass");
        Refused(await TryAsync(bench, batch), PassFault.Missing, "an encoded batch without a pass, handed over again");
        Refused(await bench.TryAsync(Request() with { Gates = Demanding }), PassFault.Missing, "a request that demands the gates itself");
        var expecting = Request() with { Expected = new Dictionary<StreamId, ExpectedVersion> { ["a"] = ExpectedVersion.NoStream } };
        Refused(await bench.TryAsync(expecting), PassFault.Missing, "an append that expects a version, without a pass");
        if (bench.Has(JournalCapabilities.Keys))
            Refused(await bench.TryAsync(Request() with { IdempotencyKey = "k" }), PassFault.Missing, "one with a key, without a pass");
        if (bench.Has(JournalCapabilities.Conditions))
        {
            var conditional = Request() with { Condition = new AppendCondition(Query.OfTypes("none"), 0) };
            Refused(await bench.TryAsync(conditional), PassFault.Missing, "an append on a condition, without a pass");
        }

        if (bench.Has(JournalCapabilities.Restore))
        {
            Refused(
                await RestoreAsync(bench, [new JournalEntry(1, 1, 1, JournalBench.Entry("a"))]), PassFault.Missing,
                "a restored batch without a pass");
        }

        await NothingIsThereAsync(bench);
    }

    private static async Task OtherAsync(JournalBench bench)
    {
        await bench.ReopenWithGatesAsync(Demanding);
        var passed = Passed(Request());
        var another = passed with { Entries = Request("other").Entries };
        Refused(await bench.TryAsync(another), PassFault.OtherProposal, "a pass of other entries");
        var namesake = new GateSet<bool>(Name);
        namesake.Evaluate(true, Request(), out var pass);
        Refused(await bench.TryAsync(Request() with { Pass = pass }), PassFault.OtherGates, "a pass of another set of this name");
        Refused(
            await bench.TryAsync(Request() with { Bypass = namesake.Bypass("n", "j", "a") }), PassFault.OtherGates,
            "a bypass of another set of this name");
        Refused(await TryAsync(bench, passed.Encode()), PassFault.NotAsRequest, "a batch that was encoded with its pass by itself");
        await NothingIsThereAsync(bench);

        var receipt = await bench.AppendAsync(passed, "an append with a pass");
        Refused(await bench.TryAsync(passed), PassFault.Used, "an append with a used pass");
        await bench.AppendAsync(Request() with { Bypass = Demanding.Bypass("n", "j", "a") }, "an append around the gates");
        Expect.Equal(2 + 3, (await bench.Read.AllAsync()).Count, "the number of entries with their bypass");
        Expect.Equal(1L, receipt.FirstPosition, "the first position");

        // One pass for many at once is one append.
        var journal = bench.Journal;
        var shared = Passed(Request());
        var appends = Enumerable.Range(0, bench.Options.Threads).Select(_ => Task.Run(() => journal.TryAppendAsync(shared).AsTask()));
        var answers = await Expect.Within(Task.WhenAll(appends), "the answer to an append");
        Expect.Equal(1, answers.Count(answer => answer is AppendResult.Appended), "the number of appends with one pass");
        Expect.Equal(7L, (await bench.Read.HeadAsync()).Position, "the last position");
    }

    private static AppendRequest Passed(AppendRequest request)
    {
        Demanding.Evaluate(true, request, out var pass);
        return request with { Pass = pass };
    }

    private static async Task AskedAsync(JournalBench bench)
    {
        var asked = new List<string>();
        var gates = Words(batch => asked.Add(Encoding.UTF8.GetString(batch.Payload(0).Span)));
        await bench.ReopenWithGatesAsync(gates);
        Denied(await bench.TryAsync(Request("forbidden 1")), "an append that a gate denies");
        Denied(await TryAsync(bench, Request("forbidden 2").Encode()), "an encoded batch that a gate denies");
        await NothingIsThereAsync(bench);
        await bench.AppendAsync(Request("3"));
        Expect.Appended(await TryAsync(bench, Request("4").Encode()), "an encoded batch that is allowed");
        Expect.Sequence(["\"forbidden 1\"", "\"forbidden 2\"", "\"3\"", "\"4\""], asked, "what gates were asked about");
        // A pass and a bypass of the very set get through unasked.
        var forbidden = Request("forbidden");
        await bench.AppendAsync(forbidden with { Bypass = gates.Bypass("n", "j", "a") });
        var allowed = Request("passed");
        gates.Evaluate(allowed.Encode(), allowed, out var pass);
        await bench.AppendAsync(allowed with { Pass = pass });
        Refused(await bench.TryAsync(allowed with { Pass = pass }), PassFault.Used, "an append with a used pass");
        Expect.Equal(5, asked.Count, "the number of questions, with the one for the pass");
        Expect.Equal(2 + 2 + 3 + 2, (await bench.Read.AllAsync()).Count, "the number of entries");
    }

    private static async Task RecordedAsync(JournalBench bench)
    {
        var gates = Words();
        await bench.ReopenWithGatesAsync(gates, recordsDenials: true);
        var traces = new List<GateTrace>();
        for (var number = 0; number < 3; number++)
        {
            var denied = Denied(await bench.TryAsync(Request("forbidden " + number)), "an append that a gate denies");
            Expect.True(denied.Record is AppendResult.Appended, "the record of a denial was not appended");
            traces.Add(denied.Trace);
        }

        var bypass = gates.Bypass("name", "justification", "approver");
        await bench.AppendAsync(Request("forbidden") with { Bypass = bypass });
        await bench.AppendAsync(Request("forbidden again") with { Bypass = bypass });
        var entries = await bench.Read.AllAsync();
        Expect.Sequence(
            ["gate-denied", "gate-denied", "gate-denied", "happened", "happened", "gate-bypassed", "happened", "happened", "gate-bypassed"],
            entries.Select(entry => entry.Type), "the type of an entry");
        Expect.Sequence(traces, entries.Take(3).Select(entry => GateTrace.Parse(entry.Payload)), "the trace of a denial");
        Expect.Equal(5, entries.Count(entry => entry.Stream == gates.Stream), "the number of records of the gates");
        foreach (var index in (int[])[5, 8])
        {
            Expect.True(BypassRecord.TryRead(entries[index], out var told) && told.Approver == "approver", "the bypass cannot be read");
            Expect.Equal(entries[index - 2].Position, entries[index].Batch, "the batch of the bypass");
        }
    }

    private static async Task OwnAsync(JournalBench bench)
    {
        await bench.ReopenWithGatesAsync(Demanding);
        var checkpoints = new JournalCheckpointStore(bench.Journal);
        var checkpoint = new ConsumerCheckpoint("consumer", "region", await bench.Read.HeadAsync(), true);
        var isSaved = await Expect.Within(checkpoints.TrySaveAsync(checkpoint, null).AsTask(), "a checkpoint");
        Expect.True(isSaved, "a checkpoint does not get through gates");
        Expect.Equal("$consumer/consumer", (await bench.Read.AllAsync()).Single().Stream.Value, "the stream of the checkpoint");
        Refused(await bench.TryAsync(Request()), PassFault.Missing, "an append without a pass behind it");
    }

    private static async Task ThrowingAsync(JournalBench bench)
    {
        var asked = 0;
        var gates = new GateSet<EncodedBatch>(Name).Add(new("broken", "", _ =>
        {
            asked++;
            throw new InvalidOperationException("a gate that throws");
        }));
        await bench.ReopenWithGatesAsync(gates);
        var denied = Denied(await bench.TryAsync(Request()), "an append about which a gate throws");
        Expect.Equal(GateDenial.DefectCode, denied.Trace.Denials[0].Code, "the code of the denial");
        var journal = bench.Journal;
        await Expect.ThrowsAsync<OperationCanceledException>(
            () => journal.TryAppendAsync(Request().Encode(), new CancellationToken(canceled: true)).AsTask(), "a cancelled append");
        await bench.CloseAsync();
        Expect.NotAppended<AppendFailure.Unavailable>(
            await Expect.Within(journal.TryAppendAsync(Request().Encode()).AsTask(), "the answer to an append"),
            "an append to a closed journal");
        Expect.Equal(1, asked, "the number of questions");
    }

    private static async Task AtOnceAsync(JournalBench bench)
    {
        await bench.ReopenWithGatesAsync(Words(), recordsDenials: true);
        var journal = bench.Journal;
        const int Each = 30;
        var appends = Enumerable.Range(0, bench.Options.Threads).Select(_ => Task.Run(async () =>
        {
            for (var number = 0; number < Each; number++)
                await journal.TryAppendAsync(Request(number % 3 == 0 ? "forbidden" : "allowed"));
        }));
        await Expect.Within(Task.WhenAll(appends), "the answers to appends at once");
        var entries = await bench.Read.AllAsync();
        Expect.Equal(bench.Options.Threads * Each * 2 / 3, entries.Count(entry => entry.Stream == "a"), "the number of allowed entries");
        Expect.Equal(bench.Options.Threads * Each / 3, entries.Count(entry => entry.Type == "gate-denied"), "the number of denials");
        Expect.True(!entries.Any(entry => entry.Stream == "a" && IsForbidden(entry.Payload)), "what a gate denied is there");
    }

    private static async Task RestoredAsync(JournalBench bench)
    {
        var gates = Words();
        var elsewhere = new InMemoryJournal();
        await using (elsewhere)
        {
            await elsewhere.AppendAsync(Request());
            await elsewhere.AppendAsync(Request("forbidden") with { Bypass = gates.Bypass("n", "j", "a") });
            await elsewhere.AppendAsync(Request("forbidden"));
            var batches = elsewhere.ReadAll().GroupBy(entry => entry.Batch).Select(batch => batch.ToList()).ToList();
            await bench.ReopenWithGatesAsync(gates);
            Denied(await RestoreAsync(bench, batches[2]), "a restored batch that a gate denies");
            List<JournalEntry> forged =
            [
                new JournalEntry(1, 1, 1, JournalBench.Entry("a", "\"forbidden\"")), new JournalEntry(2, 1, 1, JournalBench.Entry("b")),
                Moved(batches[1][^1], 3, 1),
            ];
            Denied(await RestoreAsync(bench, forged), "a restored batch with the bypass of other entries");
            await NothingIsThereAsync(bench);
            Expect.Appended(await RestoreAsync(bench, batches[0]), "a restored batch that is allowed");
            var receipt = Expect.Appended(await RestoreAsync(bench, batches[1]), "a restored batch that a bypass let through");
            Expect.Equal(elsewhere.HeadAt(receipt.LastPosition), receipt.Head, "the head of the receipt");
        }
    }

    private static JournalEntry Moved(JournalEntry entry, long position, long batch) =>
        JournalEntry.TryRead(position, entry.Version, batch, entry.ToCanonicalBytes())!;

    private static async Task KnownAsync(JournalBench bench)
    {
        var isOpen = true;
        var gates = new GateSet<EncodedBatch>(Name).Add(new("door", "", _ => isOpen ? null : new GateDenial("door", "SHUT", "it is shut")));
        await bench.ReopenWithGatesAsync(gates, recordsDenials: true);
        var keyed = Request() with { IdempotencyKey = "key" };
        var first = await bench.AppendAsync(keyed);
        isOpen = false;
        Expect.Equal(Told.Of(first), Told.Of(await bench.AppendAsync(keyed)), "the receipt of a retry");
        Expect.Equal(
            Told.Of(first), Told.Of(Expect.Appended(await TryAsync(bench, keyed.Encode()), "an encoded retry")),
            "the receipt of an encoded retry");
        Expect.NotAppended<AppendFailure.KeyReused>(
            await bench.TryAsync(Request("other") with { IdempotencyKey = "key" }), "a known key with other entries");
        Denied(await bench.TryAsync(keyed with { IdempotencyKey = "other" }), "another key");
        Expect.Equal(3L, (await bench.Read.HeadAsync()).Position, "the last position, with one denial");
    }

    private static async Task ReopenedAsync(JournalBench bench)
    {
        await bench.ReopenWithGatesAsync(Words());
        await bench.AppendAsync(Request());
        Denied(await bench.TryAsync(Request("forbidden")), "an append that a gate denies");
        var head = await bench.Read.HeadAsync();
        await bench.ReopenAsync();
        Expect.Equal(head, await bench.Read.HeadAsync(), "the head when it is opened again");
        // The demand is that of the open journal.
        await bench.AppendAsync(Request("forbidden"));
        await bench.ReopenWithGatesAsync(Words());
        Denied(await bench.TryAsync(Request("forbidden")), "an append when it is opened with gates again");
    }
}
