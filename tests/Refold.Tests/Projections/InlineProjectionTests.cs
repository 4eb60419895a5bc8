// Inline projections: what was appended is in the state when the append is answered, through every way of appending; and that every way of
// making a projection gives one state.
// Run by `dotnet test`; Soak has the random histories in the long form.
using System.Globalization;
using System.Text;
using Xunit;
using Xunit.Abstractions;

namespace Refold.Tests.Projections;

public class InlineProjectionTests(ITestOutputHelper output)
{
    private static readonly Aggregate<int, int, int, string> Counter = Aggregate.Create(
        "count", 0, (Step _, int _, int command) => Decision.Accept<int, string>([command]), (int state, int moved) => state + moved,
        Of("count"), Of("counted"), Codec.Text("refused"), Of("state"));

    private static Codec<int> Of(string type) => Codec.Create<int>(
        type, number => Encoding.UTF8.GetBytes(number.ToString(CultureInfo.InvariantCulture)),
        bytes => int.Parse(Encoding.UTF8.GetString(bytes.Span), CultureInfo.InvariantCulture));

    private static Projection<long> Counting(string id, Func<long, JournalEntry, long>? apply = null) =>
        Projection.Create(id, 1, [new ProjectionSource.Type("counted")], 0L, apply ?? ((count, _) => count + 1), Numbers.Codec);

    [Fact]
    public Task LiveInlineOnDemandAndMadeAnew_AreOneState() => ProjectionSuites.EqualProjections.HoldsAsync(output);

    [Fact]
    public async Task CommandsOfARun_AreInTheState_WhenTheyAreAnswered()
    {
        Assert.Throws<InvalidOperationException>(() => new InlineProjection<long>(Counting("alone")).Current);
        var inline = new InlineProjection<long>(Counting("counting"));
        await using var journal = await new InMemoryJournal().WithInlineAsync([inline]);
        await using var run = await journal.StartRunAsync(new RunPin("m", "p", "1", seed: 1));
        var streams = run.Streams(Counter);
        await Parallel.ForEachAsync(Enumerable.Range(1, 100), async (number, token) =>
        {
            await streams.ExecuteAsync("count/" + (number % 7), 1, token);
            Assert.True(inline.Current.State >= 1);
        });
        Assert.Equal((100L, journal.Head), (inline.Current.State, inline.Current.Place));
        var report = await journal.VerifyAsync(run.Id, Counter);
        Assert.Equal(100, journal.RunWithEvidence(Counting("counting")).State);
        Assert.NotEqual(ReplayVerdict.Diverged, report.Verdict);
    }

    /// <summary>A member with a body of its own in the interface would say that the journal cannot do what the one behind it can.</summary>
    [Fact]
    public async Task TheJournalAroundIt_HandsEveryMemberOn()
    {
        await using var journal = await new InMemoryJournal().WithInlineAsync([]);
        foreach (var contract in journal.GetType().GetInterfaces().Where(type => type.Assembly == typeof(IJournal).Assembly))
        {
            var map = journal.GetType().GetInterfaceMap(contract);
            Assert.All(map.TargetMethods.Zip(map.InterfaceMethods).Where(pair => !pair.Second.IsPrivate), pair =>
                Assert.True(pair.First?.DeclaringType == journal.GetType(), $"{contract.Name}.{pair.Second.Name} is not handed on"));
        }

        await journal.AppendAsync(new AppendRequest(Samples.Entry("s") with { Time = DateTimeOffset.UnixEpoch }));
        Assert.Equal(journal.Head, journal.HeadAsOf(DateTimeOffset.UnixEpoch));
    }

    [Fact]
    public async Task AFoldThatFails_LosesNoAppend_AndIsTold()
    {
        var failing = new InlineProjection<long>(
            Counting("failing", (count, entry) => entry.Position == 2 ? throw new FormatException("not a number") : count + 1));
        var other = new InlineProjection<long>(Counting("other"));
        await using var journal = await new InMemoryJournal().WithInlineAsync([failing, other]);
        for (var number = 1; number <= 3; number++)
        {
            await journal.AppendAsync(new AppendRequest(Samples.Entry("s") with { Type = "counted" }));
            Assert.Equal(number, other.Current.State);
        }

        Assert.Equal(3, journal.Head.Position);
        var told = Assert.Throws<ReadModelException>(() => failing.Current);
        Assert.Equal("projection-failed", told.Code);
        Assert.Contains("not a number", told.Message, StringComparison.Ordinal);
        Assert.NotNull(failing.Fault);
        await using var another = new InMemoryJournal();
        await Assert.ThrowsAsync<InvalidOperationException>(() => another.WithInlineAsync([other]));
    }
}
