// Ctrl-C and SIGTERM: the first one ends the work at its next batch, the second one ends the process at once. Neither crashes.
// Used by Program for the process; verbs see the token.
using System.Runtime.InteropServices;

namespace Refold.Cli.Shell;

internal sealed class Interruption : IDisposable
{
    private readonly CancellationTokenSource source = new();
    private readonly PosixSignalRegistration[] signals;
    private int count;

    public Interruption() => signals =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, OnSignal), PosixSignalRegistration.Create(PosixSignal.SIGTERM, OnSignal),
    ];

    public CancellationToken Token => source.Token;

    /// <summary>Work that answers only when it is done, left behind when it is interrupted: for reading, and for writing that a kill
    /// may interrupt at any moment too.</summary>
    public static async Task<T> LeaveAsync<T>(Func<T> work, CancellationToken cancellationToken) =>
        await Task.Run(work, cancellationToken).WaitAsync(cancellationToken);

    /// <summary>The items, until it is interrupted.</summary>
    public static IEnumerable<T> Until<T>(IEnumerable<T> items, CancellationToken cancellationToken)
    {
        foreach (var item in items)
        {
            cancellationToken.ThrowIfCancellationRequested();
            yield return item;
        }
    }

    /// <summary>What ends a verb that was interrupted.</summary>
    /// <param name="durable">What is there now, a sentence without its point.</param>
    /// <param name="goOn">The command that goes on.</param>
    public static ToolException At(string durable, string goOn) =>
        new(ExitCode.Interrupted, $"Interrupted: {durable}. To go on: {goOn}");

    public void Dispose()
    {
        foreach (var signal in signals) signal.Dispose();
        // The source is left to the process's end: a signal that comes now still finds it.
    }

    private void OnSignal(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref count) == 1)
        {
            // What waits for the token must not run here, where the next signal is waited for.
            _ = source.CancelAsync();
            return;
        }

        Console.Error.WriteLine("\nrefold: Interrupted again, and ended at once: what was acknowledged is durable. To go on: "
            + "the same command; import and record with --resume.");
        Environment.Exit(ExitCode.Interrupted);
    }
}
