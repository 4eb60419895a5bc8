// Work that is under way in order, at most so much at once: appends are not waited for one by one, and are reported in order.
// Used by import and record.
using System.Threading.Channels;

namespace Refold.Cli.Shell;

/// <summary>A bounded queue of started work. Each result is handled in the order in which the work was added.</summary>
internal sealed class Window<T>
{
    private const int Size = 256;

    private readonly Channel<Task<T>> channel = Channel.CreateBounded<Task<T>>(Size);
    private readonly Task handled;

    public Window(Action<T> handle) => handled = HandleAsync(handle);

    /// <summary>Adds started work; waits while the window is full. Throws what went wrong before.</summary>
    public async Task AddAsync(Task<T> work)
    {
        try
        {
            await channel.Writer.WriteAsync(work);
        }
        catch (ChannelClosedException)
        {
            await handled;
        }
    }

    /// <summary>Waits until everything that was added is handled.</summary>
    public Task CompleteAsync()
    {
        channel.Writer.TryComplete();
        return handled;
    }

    private async Task HandleAsync(Action<T> handle)
    {
        try
        {
            await foreach (var work in channel.Reader.ReadAllAsync())
                handle(await work);
        }
        finally
        {
            channel.Writer.TryComplete();
        }
    }
}
