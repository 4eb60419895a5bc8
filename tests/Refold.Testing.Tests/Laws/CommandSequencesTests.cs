// Laws over random sequences of commands: what holds passes, what does not is told by the shortest sequence and a seed.
// Run by `dotnet test`.
using FsCheck;
using FsCheck.Fluent;
using Orders;
using Refold.Testing.Tests.Determinisms;
using Xunit;

namespace Refold.Testing.Tests.Laws;

public class CommandSequencesTests
{
    private static readonly Arbitrary<OrderCommand> Commands = Arb.From(
        Gen.Frequency(
            (2, ArbMap.Default.GeneratorFor<int>().Select(quantity => (OrderCommand)new Place("sku", quantity))),
            (2, Gen.Constant<OrderCommand>(new Draw())),
            (1, Gen.Constant<OrderCommand>(new Cancel()))),
        command => command is Place place
            ? ArbMap.Default.ArbFor<int>().Shrinker(place.Quantity).Select(quantity => (OrderCommand)new Place("sku", quantity))
            : []);

    private static readonly Arbitrary<string> Letters = Arb.From(Gen.Elements("a", "b", "x"));

    [Fact]
    public void ALawThatHolds_Passes_AndIsAskedAfterEveryCommandWithAllThatCameBefore()
    {
        int asked = 0;
        CommandSequences.Check(
            Order.Aggregate,
            Commands,
            step =>
            {
                asked++;
                return step.Events.OfType<Won>().Sum(won => (long)won.Points) == step.State.Points
                    && step.Decisions.Count(one => one.IsRefused) + step.Decisions.Count(one => one.IsAccepted) == step.Decisions.Count
                    && (step.Before.Placed || !step.Decision.IsRefused);
            },
            new CommandSequenceOptions { Seed = 1, Sequences = 40 });
        Assert.InRange(asked, 41, 40 * 30);
    }

    [Fact]
    public void ABrokenLaw_IsToldByTheShortestSequence()
    {
        var failure = Assert.Throws<CommandSequenceException>(() => CommandSequences.Check(
            Order.Aggregate, Commands, step => step.Events.OfType<Won>().Count() < 3, new CommandSequenceOptions { Seed = 1 }));
        Assert.Equal(3, failure.Commands);
        string[] lines = failure.Message.Split('\n');
        Assert.Equal("The law does not hold.", lines[0]);
        Assert.Equal(
            FormattableString.Invariant(
                $"seed {failure.Seed}; again: new CommandSequenceOptions {{ Seed = {failure.Seed}, Sequences = 1 }}"),
            lines[1]);
        Assert.Equal("shortest sequence:", lines[2]);
        Assert.StartsWith("  1. draw {}: accepted: won {\"Points\":", lines[3], StringComparison.Ordinal);
        Assert.StartsWith("  3. draw {}: accepted: won ", lines[5], StringComparison.Ordinal);
        Assert.StartsWith("state: order-state {", lines[6], StringComparison.Ordinal);
        Assert.Equal(7, lines.Length);
    }

    [Fact]
    public void TheSeed_FindsTheSameAgain()
    {
        CommandSequenceException Failing(CommandSequenceOptions options) => Assert.Throws<CommandSequenceException>(
            () => CommandSequences.Check(Order.Aggregate, Commands, step => step.State.Quantity < 10, options));
        var failure = Failing(new CommandSequenceOptions());
        Assert.Equal(failure.Message, Failing(new CommandSequenceOptions { Seed = failure.Seed, Sequences = 1 }).Message);
        // Commands are made smaller too.
        Assert.Equal(1, failure.Commands);
        Assert.Contains("1. place {\"Quantity\":10,", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WhereNoSingleCommandCanGo_TwoAreLeftOut()
    {
        var collecting = Aggregate.Create<string, string, string, string>(
            "letters", "", (_, _, command) => [command], (state, letter) => state + letter,
            Codec.Text("command"), Codec.Text("event"), Codec.Text("refused"), Codec.Text("state"));
        var failure = Assert.Throws<CommandSequenceException>(() => CommandSequences.Check(
            collecting, Letters, step => step.State.Length % 2 == 0 || step.State[^1] != 'x', new CommandSequenceOptions { Seed = 1 }));
        Assert.Equal(1, failure.Commands);
    }

    [Fact]
    public void WhatALawThrows_AndWhatDecideThrows_AreNamed()
    {
        var asserted = Assert.Throws<CommandSequenceException>(() => CommandSequences.Check(
            Honest.Aggregate, Letters, step => throw new InvalidOperationException("never"), new CommandSequenceOptions { Seed = 1 }));
        Assert.StartsWith("The law does not hold: never\n", asserted.Message, StringComparison.Ordinal);
        Assert.IsType<InvalidOperationException>(asserted.InnerException);
        var throwing = Suspects.Deciding((_, command) => command == "x" ? throw new InvalidOperationException("no x") : command);
        var thrown = Assert.Throws<CommandSequenceException>(
            () => CommandSequences.Check(throwing, Letters, _ => true, new CommandSequenceOptions { Seed = 1 }));
        Assert.StartsWith("decide threw InvalidOperationException: no x\n", thrown.Message, StringComparison.Ordinal);
        Assert.Equal(1, thrown.Commands);
    }
}
