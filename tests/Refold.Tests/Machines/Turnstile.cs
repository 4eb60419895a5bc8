// The machine of facade/docs/machines.md: a turnstile that takes coins, breaks when it is kicked, and locks itself again.
// Used by the tests of machines, and by those of the page.
using System.Text.Json.Serialization;

namespace Refold.Tests.Machines;

public enum Gate
{
    Locked,
    Unlocked,
    Broken,
}

public sealed record Till(int Cents, int Passed);

public abstract record GateCommand;

public sealed record Coin(int Cents) : GateCommand;

public sealed record Push : GateCommand;

public sealed record Kick(int Force) : GateCommand;

public sealed record Repair : GateCommand;

public sealed record TimedOut : GateCommand;

public abstract record GateEvent;

public sealed record Paid(int Cents) : GateEvent;

public sealed record Opened : GateEvent;

public sealed record Passed : GateEvent;

public sealed record Closed : GateEvent;

public sealed record Broke : GateEvent;

public sealed record Repaired : GateEvent;

public static class Turnstile
{
    public static MachineBuilder<Gate, Till, GateCommand, GateEvent, IllegalTransition> Table() =>
        Machine.Create<Gate, Till, GateCommand, GateEvent>("turnstile")
            .Initially(Gate.Locked, new Till(Cents: 0, Passed: 0))
            .Commands(Codec.Json(TurnstileJson.Default.GateCommand, types => types
                .Add<Coin>("coin").Add<Push>("push").Add<Kick>("kick").Add<Repair>("repair").Add<TimedOut>("timed-out")))
            .Events(Codec.Json(TurnstileJson.Default.GateEvent, types => types
                .Add<Paid>("paid").Add<Opened>("opened").Add<Passed>("passed")
                .Add<Closed>("closed").Add<Broke>("broke").Add<Repaired>("repaired")))
            .State(Codec.Json(TurnstileJson.Default.MachineStateGateTill, "turnstile-state"))
            .In(Gate.Locked)
                .On<Coin>((_, _, coin) => [new Paid(coin.Cents), new Opened()],
                    guard: "enough", when: (at, coin) => at.Data.Cents + coin.Cents >= 100)
                .On<Coin>((_, _, coin) => [new Paid(coin.Cents)])
                .Goes<Opened>(Gate.Unlocked, (at, _) => at.Data with { Cents = at.Data.Cents - 100 })
            .In(Gate.Unlocked)
                .On<Push>((_, _, _) => [new Passed()])
                .On<TimedOut>((_, _, _) => [new Closed()])
                .Goes<Passed>(Gate.Locked, (at, _) => at.Data with { Passed = at.Data.Passed + 1 })
                .Goes<Closed>(Gate.Locked)
                .TimesOut(after: TimeSpan.FromSeconds(30), new TimedOut())
            .In(Gate.Locked, Gate.Unlocked)
                .Stays<Paid>((at, paid) => at.Data with { Cents = at.Data.Cents + paid.Cents })
            .In(Gate.Broken)
                .On<Repair>((_, _, _) => [new Repaired()])
                .Goes<Repaired>(Gate.Locked)
            .InAny()
                .On<Kick>((_, _, _) => [new Broke()], guard: "hard", when: (_, kick) => kick.Force > 9)
                .Goes<Broke>(Gate.Broken);

    public static Machine<Gate, Till, GateCommand, GateEvent, IllegalTransition> Definition { get; } = Table().Build();

    public static Aggregate<MachineState<Gate, Till>, GateCommand, GateEvent, IllegalTransition> Aggregate => Definition.Aggregate;
}

[JsonSerializable(typeof(GateCommand)), JsonSerializable(typeof(Coin)), JsonSerializable(typeof(Push)), JsonSerializable(typeof(Kick))]
[JsonSerializable(typeof(Repair)), JsonSerializable(typeof(TimedOut))]
[JsonSerializable(typeof(GateEvent)), JsonSerializable(typeof(Paid)), JsonSerializable(typeof(Opened)), JsonSerializable(typeof(Passed))]
[JsonSerializable(typeof(Closed)), JsonSerializable(typeof(Broke)), JsonSerializable(typeof(Repaired))]
[JsonSerializable(typeof(MachineState<Gate, Till>))]
internal sealed partial class TurnstileJson : JsonSerializerContext;
