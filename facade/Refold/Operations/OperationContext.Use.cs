// When an operation's context may be used: while its function runs, one thing at a time, and not inside a call.
// The other half is OperationContext.cs.
namespace Refold;

public sealed partial class OperationContext
{
    private void Check()
    {
        if (activity.HasEnded) throw Ended();
        CheckOutsideCalls();
    }

    private void CheckUnused()
    {
        Check();
        if (Volatile.Read(ref inUse) == 1) throw InUseAlready();
    }

    // A call is not made in replay, so nothing that it asks for would be asked for there.
    private void CheckOutsideCalls()
    {
        if (!ReferenceEquals(Calling.Value, activity)) return;
        throw new InvalidOperationException(
            "The operation's context is used inside a call, which is not made in replay: ask for it before the call, and hand it in.");
    }

    private InvalidOperationException Ended() =>
        new($"The operation with the key '{Key}' has ended: what it was given is used no more. Await everything in its function.");

    private InvalidOperationException InUseAlready()
    {
        var name = branch.Length == 0 ? "The operation itself" : $"The branch '{branch}'";
        return new InvalidOperationException(
            name + " is in use by something that has not ended. Await it first, or give what runs in parallel a branch each: "
            + "fx.Branch(\"a\").");
    }

    private InUse Use()
    {
        CheckOutsideCalls();
        if (!activity.TryEnter()) throw Ended();
        if (Interlocked.Exchange(ref inUse, 1) == 1)
        {
            activity.Leave();
            throw InUseAlready();
        }

        return new InUse(this);
    }

    private readonly struct InUse(OperationContext context) : IDisposable
    {
        public void Dispose()
        {
            Volatile.Write(ref context.inUse, 0);
            context.activity.Leave();
        }
    }
}
