// Whether code runs inside a step or a load of a run, whatever thread it went to: what would wait for itself is refused.
// Entered by RunPipeline; asked by RunCore before anything is taken.
using System.Runtime.CompilerServices;

namespace Refold;

/// <summary>Decide, evolve and codecs at work for one step or load. It flows with the code, to tasks that it starts as well, and ends with
/// the step: what a step left running may give commands afterwards.</summary>
internal sealed class RunScope
{
    private static readonly AsyncLocal<RunScope?> Current = new();

    private readonly RunPipeline run;
    private readonly StreamId? stream;
    private readonly RunScope? outer;
    private readonly RunScope? before;
    private volatile bool isOn = true;

    private RunScope(RunPipeline run, RunWork work)
    {
        (this.run, stream, outer, before) = (run, work.Stream, work.Scope, Current.Value);
        Current.Value = this;
    }

    /// <summary>The scope that a call was made in, of whatever run; null where that is over, or was none.</summary>
    public static RunScope? Now => Current.Value?.Innermost();

    /// <summary>Enters; until <see cref="Leave"/> on the same thread, or until <see cref="End"/> of an asynchronous method.</summary>
    public static RunScope Enter(RunPipeline run, RunWork work) => new(run, work);

    /// <summary>Refuses a call that would wait for the step it is made in.</summary>
    /// <exception cref="InvalidOperationException">It is made inside a step or a load of the run.</exception>
    public static void CheckOutside(RunPipeline run, RunId id, [CallerMemberName] string call = "")
    {
        for (var scope = Now; scope is not null; scope = scope.outer?.Innermost())
        {
            if (!ReferenceEquals(scope.run, run)) continue;
            throw new InvalidOperationException(
                $"{call} of the run '{id}' was called inside decide, evolve, a codec or a recovery hook of this run"
                + (scope.stream is null ? "" : $", at work on '{scope.stream}'")
                + "; it would wait for itself for ever. Decide from the state and the command alone, and give the next command when this "
                + "one is answered.");
        }
    }

    /// <summary>The step or load is over.</summary>
    public void End() => isOn = false;

    /// <summary>The step is over, and the thread is where it was before.</summary>
    public void Leave()
    {
        isOn = false;
        Current.Value = before;
    }

    private RunScope? Innermost()
    {
        var scope = this;
        while (scope is { isOn: false }) scope = scope.outer;
        return scope;
    }
}
