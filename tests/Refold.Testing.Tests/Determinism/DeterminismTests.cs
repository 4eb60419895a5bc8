// Deciding again in further processes: each thing that a decision must not depend on is named, an honest decision passes, and a process
// that does not answer is no pass.
// Run by `dotnet test`; each check under few cultures, since each is a process.
using Xunit;

namespace Refold.Testing.Tests.Determinisms;

public class DeterminismTests
{
    [Fact]
    public async Task AnHonestRule_MatchesUnderAllFourCultures()
    {
        await using var journal = await RecordAsync(Honest.Aggregate);
        var report = (await Determinism.CheckAsync(journal, typeof(Honest))).ThrowIfDiverged();
        Assert.True(report.Matched);
        Assert.Equal(["", "tr-TR", "sv-SE", "ar-SA"], report.Cultures.Select(culture => culture.Culture));
        // One run, three commands with an event each, in two passes.
        Assert.All(report.Cultures, culture => Assert.Equal((1, 6L), (culture.Runs, culture.Derived)));
    }

    [Fact]
    public async Task ARuleThatFormatsByCulture_IsNamedWhereTheCultureDiffers()
    {
        await using var journal = await RecordAsync(Formatting.Aggregate);
        var report = await Determinism.CheckAsync(journal, typeof(Formatting), new() { Cultures = ["", "tr-TR"] });
        Assert.True(report.Cultures[0].Matched);
        var found = report.Cultures[1].Difference!;
        Assert.Equal(
            (3L, "suspect/1", 1L, "/data", "\"1,234.5\"", "\"1.234,5\"", DivergenceCause.Payload, 1),
            (found.Position, found.Stream.Value, found.Version, found.Path, found.Expected, found.Actual, found.Cause, found.Pass));
        var failure = Assert.Throws<ScenarioException>(report.ThrowIfDiverged);
        Assert.StartsWith(
            "invariant: matched, 1 runs, 6 entries made again\ntr-TR: differs\nposition 3, stream 'suspect/1' version 1\n",
            failure.Message,
            StringComparison.Ordinal);
        Assert.Contains("\ncommand: position 2: command \"one\"\n", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ARuleThatComparesByCulture_IsNamed()
    {
        var found = await FoundAsync(Comparing.Aggregate, typeof(Comparing), "sv-SE");
        Assert.Equal(("\"a\u00e4z\"", "\"az\u00e4\""), (found.Expected, found.Actual));
    }

    [Fact]
    public async Task ARuleThatGoesByStringHashes_IsNamed()
    {
        var found = await FoundAsync(Hashing.Aggregate, typeof(Hashing), "");
        Assert.Equal((DivergenceCause.Payload, 1), (found.Cause, found.Pass));
    }

    [Fact]
    public async Task ARuleThatReadsAClock_IsNamedAsUnstable() =>
        Assert.Equal(DivergenceCause.Unstable, (await FoundAsync(Clocked.Aggregate, typeof(Clocked), "")).Cause);

    [Fact]
    public async Task ARuleThatRemembersInAStaticField_IsNamedInTheSecondPass()
    {
        var found = await FoundAsync(Remembering.Aggregate, typeof(Remembering), "");
        Assert.Equal((2, "\"first\"", "\"again\""), (found.Pass, found.Expected, found.Actual));
        Assert.EndsWith("something outside the state remembers the first time", found.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task AProcessThatEndsTooEarly_IsAnError()
    {
        await using var journal = await RecordAsync(Honest.Aggregate);
        var failure = await Assert.ThrowsAsync<DeterminismException>(() => Determinism.CheckAsync(journal, typeof(Exiting), One("")));
        Assert.Contains("exit code 0 and no verdict", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task AProcessThatHangs_IsEndedAndAnError()
    {
        await using var journal = await RecordAsync(Honest.Aggregate);
        var failure = await Assert.ThrowsAsync<DeterminismException>(
            () => Determinism.CheckAsync(journal, typeof(Hanging), One("") with { Timeout = TimeSpan.FromSeconds(3) }));
        Assert.Contains("did not end within 3 seconds", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ACultureThatIsNotThere_IsAnError()
    {
        await using var journal = await RecordAsync(Honest.Aggregate);
        var failure = await Assert.ThrowsAsync<DeterminismException>(() => Determinism.CheckAsync(journal, typeof(Honest), One("xx-YY")));
        Assert.Contains("xx-YY", failure.Message, StringComparison.Ordinal);
        Assert.Contains("CultureNotFoundException", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task NothingRecorded_AndNoAggregate_AreErrors()
    {
        await using var empty = new InMemoryJournal();
        var nothing = await Assert.ThrowsAsync<DeterminismException>(() => Determinism.CheckAsync(empty, typeof(Honest), One("")));
        Assert.Contains("no recorded command", nothing.Message, StringComparison.Ordinal);
        var none = await Assert.ThrowsAsync<DeterminismException>(() => Determinism.CheckAsync(empty, typeof(Suspects), One("")));
        Assert.Contains("no public static property or field", none.Message, StringComparison.Ordinal);
    }

    private static DeterminismOptions One(string culture) => new() { Cultures = [culture] };

    private static async Task<DeterminismDifference> FoundAsync(
        Aggregate<string, string, string, string> aggregate, Type type, string culture)
    {
        await using var journal = await RecordAsync(aggregate);
        var verdict = Assert.Single((await Determinism.CheckAsync(journal, type, One(culture))).Cultures);
        return Assert.IsType<DeterminismDifference>(verdict.Difference);
    }

    // Under the invariant culture, whatever the machine's is: the first of the four has to agree with it.
    private static async Task<InMemoryJournal> RecordAsync(Aggregate<string, string, string, string> aggregate)
    {
        var journal = new InMemoryJournal();
        await using var run = await journal.StartRunAsync(new RunPin("suspects", "acme", "1", seed: 42));
        foreach (string command in new[] { "one", "two", "three" })
            await Invariantly(() => run.Streams(aggregate).ExecuteAsync("suspect/1", command));
        await run.FinishAsync();
        return journal;
    }

    private static Task<T> Invariantly<T>(Func<Task<T>> action)
    {
        var before = System.Globalization.CultureInfo.CurrentCulture;
        System.Globalization.CultureInfo.CurrentCulture = System.Globalization.CultureInfo.InvariantCulture;
        try
        {
            return action();
        }
        finally
        {
            System.Globalization.CultureInfo.CurrentCulture = before;
        }
    }
}
