// The suite catches stores that break a promise, each time; and says what is not shown.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class BrokenStoreTests(ITestOutputHelper output)
{
    private const string StayingReader =
        "a reader that stays open sees each append and deletion that was answered, of one writer after the other";

    private static readonly JournalConformance Memory = new("memory", () => new MemoryFixture());

    public static TheoryData<ulong> Seeds => [1, 44, 555];

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task OneThatDropsOneEntryInAThousand_IsCaught(ulong seed) =>
        CaughtAsync("dropping", () => new KeptFixture(kept => new DroppingJournal(kept, seed)), seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task OneThatMixesTheOrder_IsCaught(ulong seed) =>
        CaughtAsync("mixing", () => new KeptFixture(kept => new MixingJournal(kept, seed)), seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task OneThatAcceptsAStaleVersion_IsCaught(ulong seed) =>
        CaughtAsync("stale", () => new KeptFixture(kept => new StaleJournal(kept, seed)), seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task OneThatAnswersBeforeDurability_IsCaught(ulong seed) => CaughtAsync("hasty", () => new HastyFixture(), seed);

    [Theory]
    [MemberData(nameof(Seeds))]
    public Task OneThatAnswersFromBeforeTheCall_AfterAnAwaitedAppend_IsCaught(ulong seed) =>
        CaughtAsync("late", () => new OnceFixture(() => new LateJournal(new InMemoryJournal(), seed)), seed);

    [Fact]
    public Task OneThatIgnoresBehindWhichStreamAPageComes_IsCaught() => CaughtAsync(
        "the first page again",
        () => new KeptFixture(kept => new FirstPageJournal(kept)),
        "streams are listed page by page: those that begin with a prefix, behind one, no more than asked for");

    [Fact]
    public Task OneThatLooksForKeysAmongLiveEntries_IsCaught() =>
        CaughtAsync("live keys", () => new KeptFixture(kept => new LiveKeysJournal(kept)), "keys survive deletion");

    [Fact]
    public Task OneThatLetsEverythingThroughGates_IsCaught() => CaughtAsync(
        "open",
        () => new KeptFixture(kept => new OpenJournal(kept)),
        "an append that demands a pass and has none, or another, is not appended");

    [Fact]
    public Task OneThatLosesTheAnswerOfACancelledAppend_IsCaught() => CaughtAsync(
        "forgetful",
        () => new KeptFixture(kept => new ForgetfulJournal(kept)),
        "a cancelled append is there once or not at all, and a retry with its key settles it");

    [Fact]
    public Task OneThatReadsOnWhenItIsCancelled_IsCaught() => CaughtAsync(
        "deaf",
        () => new KeptFixture(kept => new DeafJournal(kept)),
        "a read stops when it is cancelled, by the token of the call or by that of the enumeration");

    [Fact]
    public Task OneThatReadsBeforeTheReadBegins_IsCaught() => CaughtAsync(
        "eager",
        () => new KeptFixture(kept => new EagerJournal(kept)),
        "a read that is called and not begun sees nothing yet; enumerated twice it is two reads");

    [Fact]
    public Task OneWhoseSynchronousTwinAnswersOtherwise_IsCaught() => CaughtAsync(
        "uneven",
        () => new KeptFixture(kept => new UnevenJournal(kept)),
        "streams are listed page by page: those that begin with a prefix, behind one, no more than asked for");

    [Fact]
    public Task OneThatRoundsFarPlaces_IsCaught() => CaughtAsync(
        "rounding",
        () => new KeptFixture(kept => new RoundingJournal(kept)),
        "the furthest places are kept to the last digit, and the next append goes on behind them");

    [Fact]
    public Task OneThatTakesWhatHasNoPlaceForDone_IsCaught() => CaughtAsync(
        "full",
        () => new KeptFixture(kept => new FullJournal(kept)),
        "beyond 2^62 there is no place: appending is refused as restoring is");

    [Fact]
    public Task OneWhoseReadsMissAnEntryWhileItDeletes_IsCaught() => CaughtAsync(
        "rebuilding",
        () => new KeptFixture(kept => new RebuildingJournal(kept)),
        "a reader among deletions sees nothing that was deleted before, and misses nothing else");

    [Fact]
    public async Task OneThatProvesWhatIsNotSo_IsCaught()
    {
        const string Grown = "every size has the root of the model, every entry a proof, and any two sizes one of growth";
        await CaughtAsync("behind", () => new KeptFixture(kept => new BehindRootJournal(kept)), Grown);
        await CaughtAsync("another entry", () => new KeptFixture(kept => new OtherProofJournal(kept)), Grown);
        await CaughtAsync("short", () => new KeptFixture(kept => new ShortProofJournal(kept)), Grown);
    }

    [Fact]
    public Task OneWhoseReadersStayWhereTheyWereOpened_IsCaught() =>
        CaughtAsync("read as of its opening", () => new BesideFixture(kept => new MomentReaderJournal(kept)), StayingReader);

    [Fact]
    public async Task OneWhoseReadersGoOn_Holds()
    {
        var beside = new JournalConformance("beside", () => new BesideFixture(kept => new ReaderJournal(kept)), Options(7));
        var names = beside.Cases.Where(item => item.Needs.HasFlag(JournalCapabilities.SeveralProcesses)).Select(item => item.Name).ToList();
        Assert.Contains(StayingReader, names);
        foreach (var name in names) (await beside.RunAsync(name)).ThrowIfFailed();
    }

    [Fact]
    public async Task TheSameFixture_WithoutTheFault_Holds()
    {
        var report = await new JournalConformance("honest", () => new KeptFixture(kept => new HonestJournal(kept)), Options(7)).RunAsync();
        output.WriteLine(report.ToString());
        Assert.True(report.Holds, report.ToString());
    }

    [Fact]
    public async Task WhatIsNotDeclared_IsReportedAsNotShown_CaseByCase()
    {
        var report = await new JournalConformance("memory", () => new MemoryFixture(), Options(7)).RunAsync();
        Assert.True(report.Holds, report.ToString());
        var missing = JournalCapabilities.Durability | JournalCapabilities.SeveralProcesses;
        var expected = Memory.Cases.Where(item => (item.Needs & missing) != 0).Select(item => item.Name);
        Assert.Equal(expected, report.NotShown.Select(result => result.Name));
        Assert.All(report.NotShown, result => Assert.Contains("does not declare", result.Message, StringComparison.Ordinal));
        Assert.EndsWith($" held, 0 failed, {report.NotShown.Count} not shown", report.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AFailingSequence_IsShrunk_AndItsSeedRepeatsIt()
    {
        var name = Memory.Cases[^1].Name;
        static JournalConformance Mixing(ConformanceOptions options) =>
            new("mixing", () => new KeptFixture(kept => new MixingJournal(kept, 0, every: 20)), options);
        var first = await Mixing(new ConformanceOptions { Seed = 5, Sequences = 200 }).RunAsync(name);
        Assert.Equal(ConformanceOutcome.Failed, first.Outcome);
        output.WriteLine(first.ToString());
        var seed = ulong.Parse(first.Message.Split([' ', ';'])[1], System.Globalization.CultureInfo.InvariantCulture);
        var again = await Mixing(new ConformanceOptions { Seed = seed, Sequences = 1 }).RunAsync(name);
        Assert.Equal(first.Message, again.Message);
        // 20 entries are needed, and a batch has at most 12.
        Assert.InRange(first.Message.Split('\n').Count(line => line.Contains(". append", StringComparison.Ordinal)), 1, 8);
    }

    [Fact]
    public Task AnUnknownCase_IsTheCallersMistake() => Assert.ThrowsAsync<ArgumentException>(() => Memory.RunAsync("no such case"));

    private static ConformanceOptions Options(ulong seed) => new() { Sequences = 40, Seed = seed };

    [Fact]
    public async Task AReport_SaysEveryCaseThatFailed()
    {
        var suite = new JournalConformance("live keys", () => new KeptFixture(kept => new LiveKeysJournal(kept)), Options(7));
        var report = await suite.RunAsync();
        var failed = report.Results.Where(result => result.Outcome == ConformanceOutcome.Failed).Select(result => result.Name).ToList();
        Assert.False(report.Holds);
        Assert.Equal(["keys survive deletion", "keys survive deletion and opening again"], failed[..2]);
        Assert.Contains($" held, {failed.Count} failed, ", report.ToString(), StringComparison.Ordinal);
    }

    /// <summary>Caught by the case that names the promise.</summary>
    private async Task CaughtAsync(string store, Func<JournalFixture> create, string name)
    {
        var result = await new JournalConformance(store, create, Options(7)).RunAsync(name);
        output.WriteLine(result.ToString());
        Assert.True(result.Outcome == ConformanceOutcome.Failed, $"the case did not notice the store that is {store}");
    }

    /// <summary>Caught by some case: the first that fails ends it.</summary>
    private async Task CaughtAsync(string store, Func<JournalFixture> create, ulong seed)
    {
        var suite = new JournalConformance(store, create, Options(seed));
        foreach (var item in suite.Cases)
        {
            var result = await suite.RunAsync(item.Name);
            if (result.Outcome != ConformanceOutcome.Failed) continue;
            output.WriteLine(result.ToString());
            return;
        }

        Assert.Fail($"the suite did not notice the store that is {store}, seed {seed}");
    }
}
