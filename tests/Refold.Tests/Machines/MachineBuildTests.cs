// What is wrong with a table is told when the machine is built: what is missing, unknown, unreachable, twice there or never taken.
// Run by `dotnet test`.
using Refold.Testing;
using Xunit;

namespace Refold.Tests.Machines;

public class MachineBuildTests
{
    private static MachineBuilder<Gate, int, string, string, IllegalTransition> Small() =>
        Machine.Create<Gate, int, string, string>("small")
            .Initially(Gate.Locked, 0)
            .Commands(Codec.Text("command"))
            .Events(Codec.Text("event"))
            .In(Gate.Locked).Goes("open", Gate.Unlocked).Goes("break", Gate.Broken);

    [Fact]
    public void ATableInOrder_IsBuilt() =>
        Assert.True(Small().TryBuild(out _, out var defects) && defects.Count == 0, string.Join('\n', defects));

    [Fact]
    public void WhatIsMissing_IsNamed_AllOfIt()
    {
        var bare = Machine.Create<Gate, int, string, string, string>("bare").In(Gate.Locked).On("push", (_, _) => ["pushed"]);
        Assert.False(bare.TryBuild(out var machine, out var defects));
        Assert.Null(machine);
        Assert.Equal(
            ["missing-initial", "missing-codec", "missing-codec", "missing-codec", "missing-refusal"], defects.Select(one => one.Code));
        Assert.Equal(
            ["the commands have no codec: give one", "the events have no codec: give one", "the errors have no codec: give one"],
            defects.Where(one => one.Code == "missing-codec").Select(one => one.Message));
        var failure = Assert.Throws<MachineException>(bare.Build);
        Assert.Equal(("machine-not-built", 5), (failure.Code, failure.Defects.Count));
        Assert.StartsWith("The machine 'bare' cannot be built: there is no initial state", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void StatesOfAClass_NeedNames()
    {
        var nameless = Machine.Create<Till, int, string, string>("nameless").Initially(new Till(0, 0), 0).Events(Codec.Text("event"));
        Assert.Equal(["missing-names"], Codes(nameless));
        Assert.Empty(Codes(nameless.States(till => till.Cents == 0 ? "empty" : "full").In("empty").Goes("filled", "full", at => at)));
    }

    [Fact]
    public void AStateThatNothingLeadsTo_IsUnreachable_WhoeverNamesIt()
    {
        var closed = Machine.Create<Gate, int, string, string>("closed")
            .Initially(Gate.Locked, 0).Events(Codec.Text("event")).In(Gate.Locked).Goes("open", Gate.Unlocked);
        Assert.Equal([new("unreachable-state", "Broken", null, "no event leads to the state 'Broken'")], Defects(closed));

        // Two states that lead to each other are reached by nothing.
        var island = Small().States(gate => "the " + gate)
            .In("a").Goes("there", "b", at => at).In("b").Goes("back", "a", at => at);
        Assert.Equal(["a", "b"], Defects(island).Select(one => one.State));
    }

    [Fact]
    public void ARowThatIsThereTwice_IsNamed()
    {
        Assert.Equal(
            [new("duplicate-row", "Locked", "open", "the row of 'Locked' for the event 'open' is there twice")],
            Defects(Small().In(Gate.Locked).Goes("open", Gate.Broken)));
        Assert.Equal(["duplicate-row"], Codes(Small().In(Gate.Locked).On("push", (_, _) => [])
            .In(Gate.Unlocked, Gate.Locked).On("push", (_, _) => [])));
        Assert.Equal(["duplicate-row"], Codes(Small().In(Gate.Locked)
            .On("push", (_, _) => [], "full", at => at.Data > 1).On("push", (_, _) => [], "full", at => at.Data > 2)));
        Assert.Equal(["duplicate-row"], Codes(Small().In(Gate.Locked)
            .TimesOut(TimeSpan.FromSeconds(1), "late").TimesOut(TimeSpan.FromSeconds(2), "later")));
    }

    [Fact]
    public void ARowBehindOneWithoutAGuard_IsNeverTaken()
    {
        Assert.Equal(
            [
                new("row-never-taken", "Locked", "push",
                    "the row of 'Locked' for the command 'push' with the guard 'full' is never taken: rows without a guard come before it"),
            ],
            Defects(Small().In(Gate.Locked).On("push", (_, _) => []).On("push", (_, _) => [], "full", at => at.Data > 1)));
        Assert.Equal(["row-never-taken"], Codes(Small().InAny().On("push", (_, _) => []).In(Gate.Locked).On("push", (_, _) => [])));
        Assert.Equal(["row-never-taken"], Codes(Small().In(Gate.Locked, Gate.Unlocked, Gate.Broken).On("push", (_, _) => [])
            .InAny().On("push", (_, _) => [])));
        // Every other state is what a row for every state is for.
        Assert.Empty(Codes(Small().In(Gate.Locked, Gate.Unlocked).On("push", (_, _) => []).InAny().On("push", (_, _) => [])));
        Assert.Empty(Codes(Small().In(Gate.Locked).On("push", (_, _) => [], "full", at => at.Data > 1).On("push", (_, _) => [])));
    }

    [Fact]
    public void ANameThatDoesNotExist_IsNamed()
    {
        var unknown = Turnstile.Table()
            .In("Open").On<Push>((_, _, _) => [])
            .In(Gate.Broken).On<Unlisted>((_, _, _) => []).Stays<Unheard>();
        Assert.Equal(
            [("unknown-state", "Open", null), ("unknown-command", "Broken", "Unlisted"), ("unknown-event", "Broken", "Unheard")],
            Defects(unknown).Select(one => (one.Code, one.State, one.On)));
        Assert.Contains("there are coin, push, kick, repair, timed-out", Defects(unknown)[1].Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhatCannotBeARow_IsRefusedAtOnce()
    {
        Assert.Throws<InvalidOperationException>(
            () => Machine.Create<Gate, int, string, string>("early").On("push", (_, _) => []));
        Assert.Throws<InvalidOperationException>(() => Small().InAny().TimesOut(TimeSpan.FromSeconds(1), "late"));
        Assert.Throws<ArgumentOutOfRangeException>(() => Small().TimesOut(TimeSpan.Zero, "late"));
        Assert.Throws<ArgumentException>(() => Turnstile.Table().On<GateCommand>((_, _, _) => []));
        Assert.Throws<ArgumentException>(() => Small().On<string>((_, _, _) => []));
        Assert.Throws<ArgumentException>(() => Small().Stays<string>());
        Assert.Throws<ArgumentException>(() => Small().On("push", (_, _) => [], guard: "full"));
        Assert.Throws<ArgumentException>(() => Small().On("push", (_, _) => [], when: _ => true));
        Assert.Throws<ArgumentException>(() => Machine.Create<Gate, int, string, string>("$own"));
    }

    [Fact]
    public void StatesMayHoldData_WhichIsNoTransition_AndMustHaveTheNameThatTheRowSays()
    {
        var parcel = Machine.Create<Place, int, string, string>("parcel")
            .States(place => place is Depot ? "depot" : "van", "depot", "van")
            .Initially(new Depot("north"), 0)
            .Commands(Codec.Text("command"))
            .Events(Codec.Text("event"))
            .In("depot")
                .On("load", (_, _) => ["loaded"], guard: "in the north", when: at => at.State is Depot { Name: "north" })
                .On("move", (_, _) => ["moved"])
                .On("lose", (_, _) => ["lost"])
                .Goes("loaded", "van", at => new(new Van(7), at.Data + 1))
                .Goes("moved", "depot", at => at with { State = new Depot("south") })
                .Goes("lost", "van", at => at)
            .In("van").Stays("moved", at => at.Data + 1)
            .Build();
        Assert.Equal(new(new Van(7), 1), parcel.Aggregate.Given().When("load").Then("loaded").State);
        var moved = parcel.Aggregate.Given().When("move").Then("moved");
        Assert.Equal(new(new Depot("south"), 0), moved.State);
        moved
            .When("load").ThenRefused(new IllegalTransition("depot", "load", ["in the north"]));
        Assert.Equal([new("depot", "loaded", "van")], parcel.TransitionsOf(["moved", "moved", "loaded", "moved"]));
        Assert.Equal([new("depot", "loaded", "van"), new("depot", "lost", "van")], parcel.Transitions());
        Assert.Equal("van", parcel.StateName(new(new Van(7), 1)));
        var failure = Assert.Throws<InvalidOperationException>(() => parcel.TransitionsOf(["lost"]));
        Assert.Equal("the row of 'depot' for the event 'lost' leads to 'van' and was moved to 'depot'", failure.Message);
    }

    [Fact]
    public void TheDiagram_HasStatesTransitionsGuardsAndDeadlines() =>
        Assert.Equal(
            """
            stateDiagram-v2
                state "Locked" as s1
                state "Unlocked" as s2
                state "Broken" as s3
                [*] --> s1
                s1 --> s2 : opened
                s1 --> s3 : broke
                s2 --> s1 : passed
                s2 --> s1 : closed
                s2 --> s3 : broke
                s3 --> s1 : repaired
                note right of s2 : has a deadline

            """.ReplaceLineEndings("\n"),
            Turnstile.Definition.ToMermaid());

    private static IReadOnlyList<MachineDefect> Defects<TState, TData, TCommand, TEvent, TError>(
        MachineBuilder<TState, TData, TCommand, TEvent, TError> table)
        where TCommand : notnull
        where TEvent : notnull
    {
        Assert.Equal(table.TryBuild(out _, out var defects), defects.Count == 0);
        return defects;
    }

    private static IEnumerable<string> Codes<TState, TData, TCommand, TEvent, TError>(
        MachineBuilder<TState, TData, TCommand, TEvent, TError> table)
        where TCommand : notnull
        where TEvent : notnull => Defects(table).Select(one => one.Code);

    private abstract record Place;

    private sealed record Depot(string Name) : Place;

    private sealed record Van(int Number) : Place;

    private sealed record Unlisted : GateCommand;

    private sealed record Unheard : GateEvent;
}
