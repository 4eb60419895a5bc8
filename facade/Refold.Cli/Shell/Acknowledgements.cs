// The lines `ack POSITION`, each written out before the next: who reads one knows that the position is durable.
// Used by import and record for --ack.
using System.Globalization;

namespace Refold.Cli.Shell;

internal sealed class Acknowledgements
{
    private bool isClosed;

    public void Print(long firstPosition, long lastPosition)
    {
        if (isClosed)
            return;
        try
        {
            for (long position = firstPosition; position <= lastPosition; position++)
                Output.Line("ack " + position.ToString(CultureInfo.InvariantCulture));
            Output.Flush();
        }
        catch (OutputClosedException)
        {
            // Nobody listens any more; the work itself goes on to its end.
            isClosed = true;
        }
    }
}
