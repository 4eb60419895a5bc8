// The pin of a dispatch run, and the aggregate that a pin asks for.
// Called by record and replay.
using System.Globalization;
using Refold.Cli.Shell;

namespace Refold.Cli.Scenarios;

internal static class DispatchPin
{
    private const string Choices = "choices";
    private const string Backends = "backends";

    public static RunPin Create(ulong seed, int choices, int backends)
    {
        if (choices > backends)
            throw new ToolException(ExitCode.Usage, string.Create(
                CultureInfo.InvariantCulture, $"--choices {choices} is more than --backends {backends}; a step draws different backends."));
        return new RunPin(Dispatch.Category, "refold", Dispatch.Version, seed, new Dictionary<string, string>
        {
            [Choices] = choices.ToString(CultureInfo.InvariantCulture),
            [Backends] = backends.ToString(CultureInfo.InvariantCulture),
        });
    }

    /// <summary>The recorded pin as this program would set it, with the given settings instead of the recorded ones.</summary>
    public static RunPin Current(RunPin recorded, int? choices, int? backends) =>
        Create(recorded.Seed, choices ?? Setting(recorded, Choices), backends ?? Setting(recorded, Backends));

    public static Aggregate<DispatchState, DispatchCommand, Dispatched, DispatchRefusal> Scenario(RunPin pin) =>
        Dispatch.Create(Setting(pin, Choices), Setting(pin, Backends));

    private static int Setting(RunPin pin, string name) =>
        pin.Settings.TryGetValue(name, out string? text)
            && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value)
            && value is >= 1 and <= Dispatch.MostBackends
            ? value
            : throw new ToolException(
                ExitCode.Unreadable, $"The run's pin has no usable setting '{name}'; it was not recorded by 'refold record'.");
}
