// Given, when, then with messages: each is named, and one that is not named fails.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Testing.Tests.Scenarios;

public class SendingScenarioTests
{
    private static readonly Outbox<string> Mails = Outbox.Create("mails", Codec.Text("mail"));
    private static readonly Outbox<string> Calls = Outbox.Create("calls", Codec.Text("call"));

    private static Aggregate<int, string, string, string> Shop { get; } = Aggregate.Create(
        "shop",
        0,
        (Step step, int state, string command) => command == "buy"
            ? Decision.Accept<string, string>(["bought"])
                .Send(Mails, "thanks", "ann", step.Now.AddHours(1), causedBy: 0).Send(Calls, "ring")
            : Decision.Accept<string, string>(command),
        (state, _) => state + 1,
        Codec.Text("command"), Codec.Text("event"), Codec.Text("refusal"));

    private static readonly DateTimeOffset Later = new(2026, 1, 1, 1, 0, 0, TimeSpan.Zero);

    [Fact]
    public void MessagesThatAreNamed_Hold()
    {
        var after = Shop.Given().When("buy").ThenSends(Mails, "thanks", "ann", Later, causedBy: 0).ThenSends(Calls, "ring").Then("bought");
        after.When("other").Then("other")
            .When("buy").ThenSends(Mails, "thanks", "ann", Later, causedBy: 0).ThenSends(Calls, "ring").Then("bought");
    }

    [Theory]
    [InlineData("none", "message 1")]
    [InlineData("one", "message 2")]
    [InlineData("more", "message 3")]
    [InlineData("other", "message 1, /data")]
    [InlineData("recipient", "message 1, /data/recipient")]
    [InlineData("time", "message 1, /data/deliverAfter")]
    [InlineData("cause", "message 1, /data/event")]
    [InlineData("outbox", "message 2, /type")]
    public void MessagesThatDiffer_AreNamed(string difference, string named)
    {
        var when = Shop.Given().When("buy");
        var expected = difference switch
        {
            "none" => when,
            "other" => when.ThenSends(Mails, "thx", "ann", Later, 0).ThenSends(Calls, "ring"),
            "recipient" => when.ThenSends(Mails, "thanks", "bob", Later, 0).ThenSends(Calls, "ring"),
            "time" => when.ThenSends(Mails, "thanks", "ann", Later.AddHours(1), 0).ThenSends(Calls, "ring"),
            "cause" => when.ThenSends(Mails, "thanks", "ann", Later).ThenSends(Calls, "ring"),
            "outbox" => when.ThenSends(Mails, "thanks", "ann", Later, 0).ThenSends(Mails, "ring"),
            "one" => when.ThenSends(Mails, "thanks", "ann", Later, 0),
            _ => when.ThenSends(Mails, "thanks", "ann", Later, 0).ThenSends(Calls, "ring").ThenSends(Calls, "ring"),
        };

        var thrown = Assert.Throws<ScenarioException>(() => expected.Then("bought"));

        Assert.StartsWith(named, thrown.Message, StringComparison.Ordinal);
        Assert.Contains("actual messages", thrown.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ADecision_SaysWhatItSends()
    {
        var decided = Shop.Given().When("buy");
        Assert.Equal(["mails", "calls"], decided.Decision.Messages.Select(message => message.Outbox));
        Assert.Equal("accepted: bought; sent to ann through mails; sent through calls", decided.Decision.ToString());
    }
}
