// Whether code runs inside the function of an operation: what would not be recorded there, or wait for itself, is refused.
// Entered by the runner of operations; asked by Run, AggregateStreams and OperationExtensions.
using System.Runtime.CompilerServices;

namespace Refold;

internal sealed class OperationScope : IDisposable
{
    private static readonly AsyncLocal<OperationScope?> Current = new();
    private readonly IJournal journal;
    private readonly RunCore? run;
    private readonly string name;
    private readonly OperationScope? outer;
    private volatile bool isOn = true;

    private OperationScope(IJournal journal, RunCore? run, string name) =>
        (this.journal, this.run, this.name, outer) = (journal, run, name, Current.Value);

    /// <summary>Enters, until it is disposed: in this asynchronous method and what it calls.</summary>
    public static OperationScope Enter(RunCore run, string name) => Current.Value = new OperationScope(run.Journal, run, name);

    /// <summary>Enters a replay, which writes nothing: every run over the journal is one that its function must not use.</summary>
    public static OperationScope EnterReplay(IJournal journal, string name) => Current.Value = new OperationScope(journal, null, name);

    /// <summary>Refuses an operation inside another over the same journal: it may wait for it.</summary>
    /// <exception cref="InvalidOperationException">It is.</exception>
    public static void CheckNotNested(RunCore run)
    {
        for (var scope = Current.Value; scope is not null; scope = scope.outer)
        {
            if (!scope.isOn || !ReferenceEquals(scope.journal, run.Journal)) continue;
            throw new InvalidOperationException(
                $"An operation of the run '{run.Id}' was begun inside the operation '{scope.name}'{scope.OfRun}: it would "
                + "be recorded twice, and may wait for itself. Call the function of the other operation, with this one's context.");
        }
    }

    /// <summary>Refuses a call that belongs to the run, not to an operation of it.</summary>
    /// <exception cref="InvalidOperationException">It is made inside an operation of the run.</exception>
    public static void CheckOutside(RunCore run, string instead, [CallerMemberName] string call = "")
    {
        for (var scope = Current.Value; scope is not null; scope = scope.outer)
        {
            if (!scope.isOn || !(scope.run is null ? ReferenceEquals(scope.journal, run.Journal) : scope.run == run)) continue;
            throw new InvalidOperationException(
                $"{call} of the run '{run.Id}' was called inside its operation '{scope.name}', where it is neither recorded nor replayed. "
                + instead);
        }
    }

    public void Dispose() => isOn = false;

    private string OfRun => run is null ? ", which is replayed" : $" of the run '{run.Id}'";
}
