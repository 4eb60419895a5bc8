// Starts or resumes the run of a host before its hosted services start, and closes it when all of them have stopped.
// Called by the host; registered by RefoldBuilder.AddRun.
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Refold;

/// <summary>Drives one host's run.</summary>
/// <param name="services">The container.</param>
/// <param name="key">The key of the journal's services.</param>
/// <param name="name">The journal's name; null for the one without.</param>
/// <param name="pin">The pin of this program.</param>
internal sealed class RunHosting(IServiceProvider services, string key, string? name, Func<IServiceProvider, RunPin> pin)
    : IHostedLifecycleService
{
    private readonly ILogger? logger = QuietLogger.Of(services.GetService<ILoggerFactory>(), LogLines.HostCategory);
    private readonly HostedRun hosted = services.GetRequiredKeyedService<HostedRun>(key);
    private Task resuming = Task.CompletedTask;

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var options = services.GetRequiredService<IOptionsMonitor<HostedRunOptions>>().Get(key);
        Operation[] operations = [.. services.GetKeyedServices<Operation>(key)];
        OperationExtensions.CheckNames(operations);
        // A host may start its services at the same time.
        await services.GetRequiredKeyedService<JournalOpening>(key).StartingAsync(cancellationToken).ConfigureAwait(false);
        if (JournalOpening.OptionsOf(services, name).Journal.ReadOnly)
        {
            throw new InvalidOperationException(
                "AddRun records, and the journal is opened for reading; leave JournalOptions.ReadOnly false.");
        }

        var run = await OpenAsync(JournalOpening.Get(services, name), options, cancellationToken).ConfigureAwait(false);
        services.GetRequiredKeyedService<RunClosing>(key).Bound = options.Run.DisposeTimeout;
        hosted.Begin(run);
        foreach (var aggregate in services.GetKeyedServices<Aggregate>(key)) aggregate.Join(hosted.Run);
        if (options.Operations == OperationsAtStart.Not) return;
        resuming = ResumeAsync(operations);
        // Who waits no longer ends no operation by it: that would be recorded.
        if (options.Operations == OperationsAtStart.Before) await resuming.WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken)
    {
        if (!hosted.IsStarted) return;
        var options = services.GetRequiredService<IOptionsMonitor<HostedRunOptions>>().Get(key);
        var (run, bound, begun) = (hosted.Run.Inner, options.ShutdownTimeout, TimeProvider.System.GetTimestamp());
        run.Operations.Dispose();
        if (!await run.Operations.CloseAsync(bound, cancellationToken).ConfigureAwait(false))
        {
            var left = run.Operations.CutOff();
            logger?.OperationsCutOff(run.Id, left);
        }
        else if (options.AtShutdown == RunAtShutdown.Finish)
            await FinishAsync(RunCore.Left(bound, begun), cancellationToken).ConfigureAwait(false);
        try
        {
            await run.SettleAsync(RunCore.Left(bound, begun), cancellationToken).ConfigureAwait(false);
        }
        catch (RunNotClosedException exception)
        {
            // Its caller has no answer, and finds out with its key.
            logger?.RunNotClosed(exception, run.Id);
        }
    }

    /// <summary>The first run of the host's name that can go on under the pin, or a new one.</summary>
    private async Task<Run> OpenAsync(IJournal journal, HostedRunOptions options, CancellationToken cancellationToken)
    {
        var current = pin(services) ?? throw new InvalidOperationException("AddRun was given no pin; give it a RunPin.");
        var named = options.RunName ?? (current.Version.Length == 0 ? current.Model : current.Model + "-" + current.Version);
        if (named.Length == 0)
        {
            throw new InvalidOperationException(
                "AddRun was given an empty pin, which names no run: give RunPin a model, or set HostedRunOptions.RunName.");
        }

        if (!RunId.TryCreate(named, out var first))
        {
            throw new InvalidOperationException(
                $"The host's run cannot be named '{named}' after its pin; set HostedRunOptions.RunName to 1 to "
                + $"128 UTF-8 bytes.");
        }

        var taken = await NumbersAsync(journal, first, cancellationToken).ConfigureAwait(false);
        // Back at an earlier pin, its run goes on.
        foreach (var number in taken.OrderDescending())
        {
            if (await TryResumeAsync(journal, NameOf(first, number), current, options.Run, cancellationToken).ConfigureAwait(false)
                is { } resumed)
                return resumed;
        }

        for (var number = taken.DefaultIfEmpty(0).Max() + 1; ; number++)
        {
            try
            {
                var fresh = options.Run with { RunId = NameOf(first, number) };
                return await journal.StartRunAsync(current, fresh, cancellationToken).ConfigureAwait(false);
            }
            catch (RunExistsException)
            {
                // Another host began it in between; where it has the same pin, both are at it.
                if (await TryResumeAsync(journal, NameOf(first, number), current, options.Run, cancellationToken).ConfigureAwait(false)
                    is { } resumed)
                    return resumed;
            }
        }
    }

    private static async Task<Run?> TryResumeAsync(
        IJournal journal, RunId run, RunPin pin, RunOptions options, CancellationToken cancellationToken)
    {
        try
        {
            return await journal.ResumeRunAsync(run, pin, options, cancellationToken).ConfigureAwait(false);
        }
        catch (JournalException exception) when (exception is RunEndedException or PinMismatchException or RunNotFoundException)
        {
            return null;
        }
    }

    private static async Task<IReadOnlyList<long>> NumbersAsync(IJournal journal, RunId first, CancellationToken cancellationToken)
    {
        var streams = await journal.StreamsAsync(first.Stream.Value, cancellationToken: cancellationToken).ConfigureAwait(false);
        return [.. streams.Select(stream => NumberOf(first.Stream.Value, stream.Stream.Value)).OfType<long>()];
    }

    private static long? NumberOf(string first, string stream)
    {
        if (stream == first) return 1;
        if (stream.Length <= first.Length || stream[first.Length] != '/') return null;
        var digits = stream.AsSpan(first.Length + 1);
        // The form that NameOf gives, and no other.
        var isNumber = long.TryParse(
            digits, System.Globalization.NumberStyles.None, System.Globalization.CultureInfo.InvariantCulture, out var number);
        return isNumber && number > 1 && digits[0] != '0' ? number : null;
    }

    private static RunId NameOf(RunId first, long number) =>
        number == 1 ? first : RunId.Create($"{first.Value}/{number.ToString(System.Globalization.CultureInfo.InvariantCulture)}");

    private async Task ResumeAsync(Operation[] operations)
    {
        await Elsewhere.Switch();
        try
        {
            hosted.Resumed = await hosted.Run.ResumeOperationsAsync(operations, CancellationToken.None).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // The journal cannot be read, or the like: a host that began starts all the same, and the log says why.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger?.OperationsNotResumed(exception, hosted.Run.Id);
            return;
        }

        foreach (var resumed in hosted.Resumed)
        {
            if (!resumed.IsKnown)
                logger?.OperationUnknown(resumed.Operation, resumed.Key);
            else if (resumed.Error is null)
                logger?.OperationResumed(resumed.Operation, resumed.Key);
            else if (resumed.Error is not (OperationCutOffException or ObjectDisposedException))
                logger?.OperationNotResumed(resumed.Error, resumed.Operation, resumed.Key);
        }
    }

    private async Task FinishAsync(TimeSpan bound, CancellationToken cancellationToken)
    {
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        ending.CancelAfter(bound);
        try
        {
            await hosted.Run.FinishAsync(cancellationToken: ending.Token).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // A run that is left open goes on at the next start.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            logger?.RunNotFinished(exception, hosted.Run.Id);
        }
    }
}
