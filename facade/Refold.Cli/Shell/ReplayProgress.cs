// How far a replay has come: two pieces of work, looking through the journal and comparing.
// Used by the verb replay.
namespace Refold.Cli.Shell;

/// <summary>Told by the one thread that verifies.</summary>
internal sealed class ReplayProgress : IProgress<VerifyProgress>, IDisposable
{
    private Progress shown = Progress.Start("looking through", "entries");
    private bool isComparing;

    public void Report(VerifyProgress value)
    {
        if (value.Entries > 0 && !isComparing)
        {
            isComparing = true;
            shown.Dispose();
            shown = Progress.Start("replaying", "entries", value.Entries);
        }

        if (isComparing) shown.Tell(value.Compared, value.Entries);
        else shown.Tell(value.Position, value.Last);
    }

    public void Dispose() => shown.Dispose();
}
