// Cuts a host's operations off before the container disposes of what they use, also where the host never started or never stopped.
// Made by RunHosting behind journal and operations, so that the container disposes of it before them.
namespace Refold;

/// <summary>Closes a host's run with its container. Where the host stopped in order, nothing is left to do.</summary>
/// <param name="hosted">The run.</param>
internal sealed class RunClosing(HostedRun hosted) : IAsyncDisposable
{
    /// <summary>How long cutting off and settling may take.</summary>
    public TimeSpan Bound { get; set; }

    public async ValueTask DisposeAsync()
    {
        if (!hosted.IsStarted) return;
        var (run, begun) = (hosted.Run.Inner, TimeProvider.System.GetTimestamp());
        run.Operations.Dispose();
        if (!await run.Operations.CloseAsync(Bound, CancellationToken.None).ConfigureAwait(false)) run.Operations.CutOff();
        try
        {
            await run.SettleAsync(RunCore.Left(Bound, begun), CancellationToken.None).ConfigureAwait(false);
        }
        catch (RunNotClosedException)
        {
            // Its caller has no answer, and finds out with its key.
        }
    }
}
