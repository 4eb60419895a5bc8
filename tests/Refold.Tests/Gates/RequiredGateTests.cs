// Gates that a journal demands of every append: whatever appends gets through them, or is not appended, on every store.
// Run by `dotnet test`.
using System.Globalization;
using System.Text;
using Orders;
using Refold.Segments;
using Xunit;

namespace Refold.Tests.Gates;

public class RequiredGateTests
{
    private static readonly CancellationToken ct = CancellationToken.None;

    // No batch may have an event that says "forbidden".
    internal static readonly GateSet<EncodedBatch> House = new GateSet<EncodedBatch>("house").Add(new(
        "words", "nothing forbidden", batch =>
            Enumerable.Range(0, batch.Count).Any(
                index => Encoding.UTF8.GetString(batch.Payload(index).Span).Contains("forbidden", StringComparison.Ordinal))
                ? new GateDenial("words", "FORBIDDEN", "a forbidden word")
                : null));

    private static readonly JournalOptions Asking = new() { RequiredGates = House };

    private static readonly JournalOptions Telling = Asking with { GateOptions = new GateOptions { RecordDenials = true } };

    public static TheoryData<string> All => Stores.All;

    private static AppendRequest Request(string word = "allowed") => new(Samples.Entry("a", $"\"{word}\""));

    private static T Failure<T>(AppendResult result)
        where T : AppendFailure => Assert.IsType<T>(Assert.IsType<AppendResult.NotAppended>(result).Failure);

    [Theory]
    [MemberData(nameof(All))]
    public async Task WhatAGateDenies_IsNotAppended_HoweverItIsAppended(string store)
    {
        await using var journal = Stores.Open(store, Asking);
        Assert.Same(House, journal.RequiredGates);
        var first = await journal.AppendAsync(Request(), ct);
        var denied = Failure<AppendFailure.Denied>(await journal.TryAppendAsync(Request("forbidden"), ct));
        Assert.Null(denied.Record);
        Assert.Equal("house denied (words: deny); [words] a forbidden word", denied.ToString());
        Failure<AppendFailure.Denied>(await journal.TryAppendAsync(Request("forbidden").Encode(), ct));
        Failure<AppendFailure.Denied>(await journal.TryAppendAsync("a", ExpectedVersion.Any, Request("forbidden").Entries, ct));
        var thrown = await Assert.ThrowsAsync<NotAppendedException>(() => journal.AppendAsync(Request("forbidden"), ct).AsTask());
        Assert.IsType<AppendFailure.Denied>(thrown.Failure);
        Assert.Equal(first.Head, journal.Head);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ADenial_IsRecorded_WhereThatIsAskedFor(string store)
    {
        await using var journal = Stores.Open(store, Telling);
        var denied = Failure<AppendFailure.Denied>(await journal.TryAppendAsync(Request("forbidden"), ct));
        Assert.IsType<AppendResult.Appended>(denied.Record);
        var entry = Assert.Single(journal.ReadAll());
        Assert.Equal("$gates/house", entry.Stream.Value);
        Assert.Equal("gate-denied", entry.Type);
        Assert.Equal(denied.Trace, GateTrace.Parse(entry.Payload));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AKnownKey_IsAnsweredWithTheFirstReceipt_WhateverTheGatesSay(string store)
    {
        var isOpen = true;
        var door = new GateSet<EncodedBatch>("door").Add(new("open", "", _ => isOpen ? null : new GateDenial("open", "SHUT", "shut")));
        await using var journal = Stores.Open(store, Telling with { RequiredGates = door });
        var keyed = Request() with { IdempotencyKey = "key" };
        var batch = keyed.Encode();
        var first = await journal.AppendAsync(keyed, ct);
        isOpen = false;
        Assert.Equal(first, await journal.AppendAsync(keyed, ct));
        Assert.Equal(new AppendResult.Appended(first), await journal.TryAppendAsync(batch, ct));
        Failure<AppendFailure.KeyReused>(await journal.TryAppendAsync(Request("other") with { IdempotencyKey = "key" }, ct));
        Failure<AppendFailure.Denied>(await journal.TryAppendAsync(keyed with { IdempotencyKey = "new" }, ct));
        // A batch that was denied is as it was.
        var later = (Request() with { IdempotencyKey = "later" }).Encode();
        Failure<AppendFailure.Denied>(await journal.TryAppendAsync(later, ct));
        isOpen = true;
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(later, ct));
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task APassOrABypassOfTheSet_GetsThrough_OneOfAnotherSetDoesNot(string store)
    {
        await using var journal = Stores.Open(store, Asking);
        var mine = new GateSet<int>("mine");
        Failure<AppendFailure.Denied>(await journal.TryAppendAsync(Request("forbidden"), mine, 1, cancellationToken: ct));
        var around = Request("forbidden") with { Bypass = mine.Bypass("n", "j", "a") };
        Failure<AppendFailure.Denied>(await journal.TryAppendAsync(around, ct));
        Assert.Equal(0, journal.Head.Position);
        await journal.AppendAsync(Request("forbidden") with { Bypass = House.Bypass("n", "j", "Ada") }, ct);
        Assert.True(BypassRecord.TryRead(journal.ReadAll().Last(), out var bypass));
        Assert.Equal("Ada", bypass.Approver);
        var request = Request();
        Assert.True(House.Evaluate(request.Encode(), request, out var pass).IsPassed);
        await journal.AppendAsync(request with { Pass = pass }, ct);
        Assert.True(pass!.IsUsed);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ASetOfAnotherContext_LetsThroughPassesAndBypassesOnly(string store)
    {
        var orders = new GateSet<int>("orders").Add(new("some", "", n => n > 0 ? null : new GateDenial("some", "NONE", "none")));
        await using var journal = Stores.Open(store, new JournalOptions { RequiredGates = orders });
        Assert.Equal(PassFault.Missing, Failure<AppendFailure.PassRefused>(await journal.TryAppendAsync(Request(), ct)).Fault);
        Assert.Equal(PassFault.Missing, Failure<AppendFailure.PassRefused>(await journal.TryAppendAsync(Request().Encode(), ct)).Fault);
        var other = await journal.TryAppendAsync(Request(), new GateSet<int>("orders"), 1, cancellationToken: ct);
        Assert.Equal(PassFault.OtherGates, Failure<AppendFailure.PassRefused>(other).Fault);
        Assert.IsType<AppendResult.Appended>(await journal.TryAppendAsync(Request(), orders, 1, cancellationToken: ct));
        await using var run = await journal.StartAsync();
        var refused = await Assert.ThrowsAsync<NotAppendedException>(
            () => run.Streams(Order.Aggregate).ExecuteAsync(RunFixture.Stream, new Draw(), ct));
        Assert.Equal(new AppendFailure.PassRefused("orders", PassFault.Missing), refused.Failure);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AGateThatThrows_Denies_AndNoAppendEndsByItsException(string store)
    {
        var broken = House.Add(new("broken", "", _ => throw new InvalidOperationException("oh"))).Add(new("last", "", _ => null));
        await using var journal = Stores.Open(store, new JournalOptions { RequiredGates = broken });
        var denied = Failure<AppendFailure.Denied>(await journal.TryAppendAsync(Request(), ct));
        Assert.Equal(GateDenial.DefectCode, Assert.Single(denied.Trace.Denials).Code);
        Assert.Equal(GateOutcome.Skipped, denied.Trace.Evaluations[^1].Outcome);
        await using var all = Stores.Open(store, new() { RequiredGates = broken, GateOptions = new() { AsksAll = true } });
        denied = Failure<AppendFailure.Denied>(await all.TryAppendAsync(Request("forbidden"), ct));
        Assert.Equal([GateOutcome.Deny, GateOutcome.Deny, GateOutcome.Permit], denied.Trace.Evaluations.Select(line => line.Outcome));
    }

    // Six units of each order are one too many.
    private static readonly GateSet<EncodedBatch> Six = new GateSet<EncodedBatch>("six").Add(new("six", "", batch =>
        Enumerable.Range(0, batch.Count).Any(index => batch.Type(index) == "placed" && Encoding.UTF8.GetString(
            batch.Payload(index).Span).Contains('6', StringComparison.Ordinal))
            ? new GateDenial("six", "SIX", "six are too many")
            : null));

    [Theory]
    [MemberData(nameof(All))]
    public async Task TheStepsOfARun_AreAskedAbout_AndWhatIsBuiltOnADeniedOneIsMadeAnew(string store)
    {
        await using var journal = Stores.Open(store, Telling with { RequiredGates = Six });
        RunId id;
        await using (var run = await journal.StartAsync())
        {
            id = run.Id;
            var orders = run.Streams(Order.Aggregate);
            var denied = orders.ExecuteAsync("order/1", new Place("sku", 6), ct);
            // Pipelined behind it, in the same stream: as if the denied one had never been.
            var allowed = orders.ExecuteAsync("order/1", new Place("sku", 5), ct);
            var failure = (await Assert.ThrowsAsync<NotAppendedException>(() => denied)).Failure;
            Assert.Equal("SIX", Assert.Single(Assert.IsType<AppendFailure.Denied>(failure).Trace.Denials).Code);
            var result = await allowed;
            Assert.True(result.IsAccepted);
            Assert.Equal(1, result.Version);
            await run.FinishAsync(cancellationToken: ct);
        }

        Assert.DoesNotContain(journal.ReadAll(), entry =>
            entry.Stream.Value == "order/1" && Encoding.UTF8.GetString(entry.Payload.Span).Contains('6', StringComparison.Ordinal));
        Assert.Single(journal.ReadStream(Six.Stream));
        Assert.True((await journal.VerifyAsync(id, Order.Aggregate)).Matched);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task WhatRefoldKeepsOfItsOwnWork_IsNotAskedAbout(string store)
    {
        var asked = new List<string>();
        var nothing = new GateSet<EncodedBatch>("nothing").Add(new("never", "", batch =>
        {
            asked.AddRange(Enumerable.Range(0, batch.Count).Select(index => batch.Type(index)));
            return new GateDenial("never", "NEVER", "never");
        }));
        await using var journal = Stores.Open(store, Telling with { RequiredGates = nothing });
        await using (var run = await journal.StartAsync())
        {
            // A command is asked about, also where nothing follows from it.
            await Assert.ThrowsAsync<NotAppendedException>(
                () => run.Streams(Order.Aggregate).ExecuteAsync(RunFixture.Stream, new Cancel(), ct));
            await run.FinishAsync(cancellationToken: ct);
        }

        var checkpoints = new JournalCheckpointStore(journal);
        Assert.True(await checkpoints.TrySaveAsync(new ConsumerCheckpoint("mail", "here", journal.Head, true), null, ct));
        Assert.Equal(
            ["$gates/nothing", "$consumer/mail"],
            journal.ReadAll().Select(entry => entry.Stream.Value).Where(name => !name.StartsWith("$run/", StringComparison.Ordinal)));
        Assert.Single(asked);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task ARestoredBatch_IsAskedAbout_UnlessABypassLetItThroughElsewhere(string store)
    {
        await using var source = new InMemoryJournal();
        await source.AppendAsync(Request(), ct);
        await source.AppendAsync(Request("forbidden") with { Bypass = House.Bypass("n", "j", "a") }, ct);
        await source.AppendAsync(Request("forbidden"), ct);
        var batches = source.ReadAll().GroupBy(entry => entry.Batch).Select(batch => batch.ToList()).ToList();
        await using var journal = Stores.Open(store, Asking);
        await journal.RestoreAsync(batches[0], ct);
        await journal.RestoreAsync(batches[1], ct);
        Failure<AppendFailure.Denied>(await journal.TryRestoreAsync(batches[2], ct));
        Assert.Equal(source.HeadAt(batches[1][^1].Position), journal.Head);
        await using var demanding = Stores.Open(store, new() { RequiredGates = new GateSet<int>("house") });
        Assert.Equal(PassFault.Missing, Failure<AppendFailure.PassRefused>(await demanding.TryRestoreAsync(batches[0], ct)).Fault);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task AClosedJournalAndACancelledToken_AskNobody(string store)
    {
        var asked = 0;
        var counting = new GateSet<EncodedBatch>("counting").Add(new("count", "", _ =>
        {
            asked++;
            return new GateDenial("count", "NO", "no");
        }));
        var journal = Stores.Open(store, new() { RequiredGates = counting });
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => journal.TryAppendAsync(Request(), new CancellationToken(canceled: true)).AsTask());
        await journal.DisposeAsync();
        Failure<AppendFailure.Unavailable>(await journal.TryAppendAsync(Request(), ct));
        Assert.Equal(0, asked);
    }

    [Theory]
    [MemberData(nameof(All))]
    public async Task OfAppendsFromManyThreads_ExactlyTheAllowedOnesAreThere(string store)
    {
        await using var journal = Stores.Open(store, Telling);
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(number => Task.Run(
            () => journal.TryAppendAsync(Request((number % 3 == 0 ? "forbidden" : "n") + number.ToString(CultureInfo.InvariantCulture)), ct)
                .AsTask(),
            ct)));
        Assert.Equal(67, answers.Count(answer => answer is AppendResult.NotAppended { Failure: AppendFailure.Denied }));
        Assert.Equal(133, journal.HighestVersion("a"));
        Assert.Equal(67, journal.HighestVersion("$gates/house"));
    }

    [Fact]
    public async Task AStoreThatAsksNoGates_IsNotOpenedWithAny()
    {
        Journal.Register("gateless", (_, _) => new InMemoryJournal());
        Journal.Register("gatelesselsewhere", (_, _, _) => ValueTask.FromResult<IJournal>(new InMemoryJournal()));
        var refused = Assert.Throws<JournalOpenException>(() => Journal.Open("gateless:", Asking));
        Assert.Contains("'house'", refused.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<JournalOpenException>(() => Journal.OpenAsync("gatelesselsewhere:", Asking, ct).AsTask());
        await using var without = Journal.Open("gateless:");
        Assert.Null(without.RequiredGates);
        await using var memory = await Journal.OpenAsync("memory:", Asking, ct);
        Assert.Same(House, memory.RequiredGates);
    }

    [Fact]
    public async Task AJournalOpenedForReading_AsksNone()
    {
        using var directory = new TemporaryDirectory();
        await using (var journal = SegmentJournal.Open(directory.File("journal"), Asking)) await journal.AppendAsync(Request(), ct);
        await using var reader = Journal.Open(directory.Journal(), Asking with { ReadOnly = true });
        Failure<AppendFailure.Unavailable>(await reader.TryAppendAsync(Request("forbidden"), ct));
    }
}
