// How many streams may be recovered at the same time: loaded and folded, by whatever runs share the permits.
// Made by applications or by a journal for itself; asked by StreamState for every stream that a run loads.
using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>Bounds how many streams are loaded and folded at the same time, so that a start under load does not drown the journal. One
/// value is shared by all runs in a journal (<see cref="JournalOptions.RecoveryPermits"/>), or by all journals of a host. A permit is held
/// while a stream is loaded and folded, and is given back before the recovery hook runs; a stream whose state is in memory needs none.
/// Permits are given first come, first served.</summary>
/// <threadsafety>All members are safe for use by many threads.</threadsafety>
/// <example><code>
/// var permits = new RecoveryPermits(capacity: 8);
/// await using var journal = Journal.Open("segments:data", new JournalOptions { RecoveryPermits = permits });
/// </code></example>
public sealed class RecoveryPermits : IDisposable
{
    /// <summary>The capacity where none is named: 50.</summary>
    public const int DefaultCapacity = 50;

    private static readonly ConditionalWeakTable<IJournal, RecoveryPermits> Journals = [];

    private readonly Lock gate = new();
    private readonly LinkedList<Waiter> waiting = new();
    private int inFlight;
    private bool closed;

    /// <summary>Makes permits.</summary>
    /// <param name="capacity">How many there are. At least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">The capacity is below 1.</exception>
    public RecoveryPermits(int capacity = DefaultCapacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        Capacity = capacity;
    }

    /// <summary>How many permits there are.</summary>
    public int Capacity { get; }

    /// <summary>How many could be taken now; 0 once closed.</summary>
    public int Available
    {
        get
        {
            lock (gate) return closed ? 0 : Capacity - inFlight;
        }
    }

    /// <summary>How many are held.</summary>
    public int InFlight
    {
        get
        {
            lock (gate) return inFlight;
        }
    }

    /// <summary>How many callers wait for one.</summary>
    public int Waiting
    {
        get
        {
            lock (gate) return waiting.Count;
        }
    }

    /// <summary>Takes a permit, behind everybody who asked before.</summary>
    /// <param name="cancellationToken">Cancels waiting; a permit that was given stays the caller's.</param>
    /// <returns>The permit; disposing it gives it back.</returns>
    /// <exception cref="PermitDeniedException">The permits are closed, or were closed meanwhile.</exception>
    public ValueTask<RecoveryPermit> AcquireAsync(CancellationToken cancellationToken = default)
    {
        if (cancellationToken.IsCancellationRequested) return ValueTask.FromCanceled<RecoveryPermit>(cancellationToken);
        Waiter waiter;
        lock (gate)
        {
            if (closed) return ValueTask.FromException<RecoveryPermit>(new PermitDeniedException());
            if (CanGive()) return ValueTask.FromResult(Give());
            waiter = new Waiter(cancellationToken);
            waiter.Place = waiting.AddLast(waiter);
            RecoveryObservation.Waiting(1);
        }

        // Outside the lock: a token that was cancelled meanwhile calls back here and now.
        var registration = cancellationToken.UnsafeRegister(_ => Cancel(waiter), null);
        lock (gate)
        {
            if (waiter.Place is not null) waiter.Registration = registration;
            else registration.Unregister();
        }

        return new ValueTask<RecoveryPermit>(waiter.Task);
    }

    /// <summary>Takes a permit if one is free and nobody waits for it.</summary>
    /// <param name="permit">The permit; disposing it gives it back.</param>
    /// <returns>False where none is free, others wait, or the permits are closed.</returns>
    public bool TryAcquire([NotNullWhen(true)] out RecoveryPermit? permit)
    {
        lock (gate)
        {
            permit = !closed && CanGive() ? Give() : null;
            return permit is not null;
        }
    }

    /// <summary>Gives no more permits: who waits is denied, and so is who asks later. Permits that are held are given back as ever. A
    /// second call does nothing.</summary>
    public void Close()
    {
        List<Waiter> denied;
        lock (gate)
        {
            closed = true;
            denied = [.. waiting];
            foreach (var waiter in denied) Leave(waiter);
        }

        foreach (var waiter in denied)
            Elsewhere.Do(static waiter => waiter.TrySetException(new PermitDeniedException()), waiter);
    }

    /// <summary>As <see cref="Close"/>.</summary>
    public void Dispose() => Close();

    /// <summary>Capacity, and how many are held and waited for.</summary>
    /// <returns>One line.</returns>
    public override string ToString()
    {
        lock (gate)
        {
            return string.Create(
                System.Globalization.CultureInfo.InvariantCulture,
                $"{inFlight} of {Capacity} recovery permits are held, {waiting.Count} are waited for{(closed ? "; closed" : "")}");
        }
    }

    /// <summary>Those of a journal whose options name none.</summary>
    internal static RecoveryPermits Of(IJournal journal) => Journals.GetValue(journal, _ => new RecoveryPermits());

    /// <summary>One is given back: it goes to whoever has waited longest.</summary>
    internal void Return()
    {
        Waiter? next;
        RecoveryPermit? permit = null;
        lock (gate)
        {
            inFlight--;
            RecoveryObservation.InFlight(-1);
            next = waiting.First?.Value;
            if (next is not null)
            {
                Leave(next);
                permit = Give();
            }
        }

        // Whoever waited goes on there, and not on the thread that gave it back.
        if (next is not null) Elsewhere.Do(static given => given.next.TrySetResult(given.permit!), (next, permit));
    }

    private bool CanGive() => waiting.Count == 0 && inFlight < Capacity;

    private RecoveryPermit Give()
    {
        inFlight++;
        RecoveryObservation.InFlight(1);
        return new RecoveryPermit(this);
    }

    private void Cancel(Waiter waiter)
    {
        lock (gate)
        {
            // It was given one, or was denied.
            if (waiter.Place is null) return;
            Leave(waiter);
        }

        Elsewhere.Do(static waiter => waiter.TrySetCanceled(waiter.Token), waiter);
    }

    private void Leave(Waiter waiter)
    {
        waiting.Remove(waiter.Place!);
        waiter.Place = null;
        waiter.Registration.Unregister();
        RecoveryObservation.Waiting(-1);
    }

    // Its continuation runs where it is answered, which is elsewhere already.
    private sealed class Waiter(CancellationToken token) : TaskCompletionSource<RecoveryPermit>
    {
        public CancellationToken Token => token;

        public LinkedListNode<Waiter>? Place { get; set; }

        public CancellationTokenRegistration Registration { get; set; }
    }
}

/// <summary>A permit to load and fold one stream. Disposing it gives it back; a second time nothing happens.</summary>
/// <threadsafety>Safe for use by many threads.</threadsafety>
public sealed class RecoveryPermit : IDisposable
{
    private RecoveryPermits? owner;

    internal RecoveryPermit(RecoveryPermits owner) => this.owner = owner;

    /// <summary>Gives it back.</summary>
    public void Dispose() => Interlocked.Exchange(ref owner, null)?.Return();
}
