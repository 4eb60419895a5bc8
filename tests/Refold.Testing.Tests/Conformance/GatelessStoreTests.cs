// The suite catches stores that forget gates which their options demand, by the case that names the promise.
// Run by `dotnet test`.
using Xunit;
using Xunit.Abstractions;

namespace Refold.Testing.Tests.Conformance;

public class GatelessStoreTests(ITestOutputHelper output)
{
    private const string Says = "a journal that is opened with gates says which, and one that is opened without says none";
    private const string Missing = "where gates demand a pass, nothing gets in without one, by any way of writing";
    private const string Other = "where gates demand a pass, one of other entries, another set or a used one lets nothing in";
    private const string Asked = "gates over batches are asked once about each append, and what they deny is not there";
    private const string Recorded = "denials are recorded one by one where that is asked for, and bypasses always";
    private const string Own = "what Refold keeps of its own work gets through gates unasked";
    private const string Restored =
        "a restored batch gets through gates, or a bypass of theirs let the very same through elsewhere";

    private static readonly JournalConformance Asking = Suite((inner, options) => new AskingJournal(inner, options));

    public static TheoryData<string> Cases => [.. Names];

    private static IEnumerable<string> Names =>
        Asking.Cases.Where(item => item.Needs.HasFlag(JournalCapabilities.RequiredGates)).Select(item => item.Name);

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task OneThatAsksAsItIsToldTo_Holds(string name) => (await Asking.RunAsync(name)).ThrowIfFailed();

    [Fact]
    public Task OneThatAsksNothingAboutAppends_IsCaught() =>
        CaughtAsync((inner, options) => new ForgetfulOfAppends(inner, options), Missing, Other, Asked, Recorded);

    [Fact]
    public Task OneThatAsksNothingAboutRestoredBatches_IsCaught() =>
        CaughtAsync((inner, options) => new ForgetfulOfRestores(inner, options), Missing, Restored);

    [Fact]
    public Task OneThatDoesNotSayThatItAsks_IsCaught() => CaughtAsync((inner, options) => new SilentOfGates(inner, options), Says);

    [Fact]
    public Task OneThatTakesAKeyForLeave_IsCaught() => CaughtAsync((inner, options) => new TrustingKeys(inner, options), Missing);

    [Fact]
    public Task OneThatLetsARetryIn_IsCaught() => CaughtAsync((inner, options) => new TrustingRetries(inner, options), Missing);

    [Fact]
    public Task OneThatAsksTwice_IsCaught() => CaughtAsync((inner, options) => new AskingTwice(inner, options), Asked);

    [Fact]
    public Task OneThatAsksAfterTheAppend_IsCaught() =>
        CaughtAsync((inner, options) => new AskingAfterwards(inner, options), Missing, Other, Asked);

    [Fact]
    public Task OneThatLosesTheRecordsOfDenials_IsCaught() => CaughtAsync((inner, options) => new RecordingNone(inner, options), Recorded);

    [Fact]
    public Task OneThatRefusesWhatRefoldKeepsOfItsOwnWork_IsCaught() =>
        CaughtAsync((inner, options) => new RefusingOwn(inner, options), Own);

    [Fact]
    public async Task AStoreThatDoesNotDeclareGates_HasItsCasesNotShown()
    {
        var without = new JournalConformance("without gates", () => new KeptFixture(kept => new HonestJournal(kept)));
        foreach (var name in Names)
        {
            var result = await without.RunAsync(name);
            Assert.Equal(ConformanceOutcome.NotShown, result.Outcome);
            Assert.Contains("RequiredGates", result.Message, StringComparison.Ordinal);
        }
    }

    private static JournalConformance Suite(Func<InMemoryJournal, JournalOptions, IJournal> wrap) =>
        new("gated", () => new GatedFixture(wrap));

    private async Task CaughtAsync(Func<InMemoryJournal, JournalOptions, IJournal> wrap, params string[] names)
    {
        foreach (var name in names)
        {
            var result = await Suite(wrap).RunAsync(name);
            output.WriteLine(result.ToString());
            Assert.True(result.Outcome == ConformanceOutcome.Failed, "not noticed: " + name);
        }
    }
}
