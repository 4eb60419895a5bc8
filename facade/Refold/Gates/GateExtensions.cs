// Gates before an append: over the request that is proposed, and around one call that evaluates and appends.
// Called by applications.
using Refold.Interop;

namespace Refold;

/// <summary>How a call that evaluates gates and appends goes about it. Immutable.</summary>
public sealed record GateOptions
{
    /// <summary>Whether every gate is asked, as by <see cref="GateSet{TContext}.EvaluateAll"/>: one that throws denies with the code
    /// <c>GATE_DEFECT</c>.</summary>
    /// <value>Default: false; the first denial ends it, and what a gate throws goes out.</value>
    public bool AsksAll { get; init; }

    /// <summary>Whether a denial is recorded: an entry <c>gate-denied</c> in <c>$gates/PIPELINE</c>, in a batch of its own, with the trace
    /// as its payload.</summary>
    /// <value>Default: false.</value>
    public bool RecordDenials { get; init; }
}

/// <summary>Gates before an append. A gate is a <see cref="Gate{TContext}"/>, several are a <see cref="GateSet{TContext}"/>.</summary>
public static class GateExtensions
{
    /// <summary>Asks the gates in order, up to the first that denies; those behind it are skipped. What a gate throws goes out.</summary>
    /// <typeparam name="TContext">What the gates look at.</typeparam>
    /// <param name="gates">The gates.</param>
    /// <param name="context">What they are to look at.</param>
    /// <param name="proposed">The append that is proposed. Expected versions, condition, gates and pass of it may differ later.</param>
    /// <param name="pass">Leave to append these entries once (<see cref="AppendRequest.Pass"/>); null where a gate denied.</param>
    /// <returns>What became of each gate.</returns>
    /// <exception cref="NotAppendedException">An entry, the key or the batch breaks a rule.</exception>
    public static GateTrace Evaluate<TContext>(
        this GateSet<TContext> gates, TContext context, AppendRequest proposed, out GatePass? pass)
    {
        ArgumentNullException.ThrowIfNull(gates);
        return gates.Evaluate(context, BatchOf(proposed), out pass);
    }

    /// <summary>Asks every gate; one that throws denies with the code <c>GATE_DEFECT</c>.</summary>
    /// <typeparam name="TContext">What the gates look at.</typeparam>
    /// <param name="gates">The gates.</param>
    /// <param name="context">What they are to look at.</param>
    /// <param name="proposed">The append that is proposed. Expected versions, condition, gates and pass of it may differ later.</param>
    /// <param name="pass">Leave to append these entries once (<see cref="AppendRequest.Pass"/>); null where a gate denied.</param>
    /// <returns>What became of each gate.</returns>
    /// <exception cref="NotAppendedException">An entry, the key or the batch breaks a rule.</exception>
    public static GateTrace EvaluateAll<TContext>(
        this GateSet<TContext> gates, TContext context, AppendRequest proposed, out GatePass? pass)
    {
        ArgumentNullException.ThrowIfNull(gates);
        return gates.EvaluateAll(context, BatchOf(proposed), out pass);
    }

    /// <summary>Has gates evaluated, on the caller's thread, and appends where they pass.</summary>
    /// <typeparam name="TContext">What the gates look at.</typeparam>
    /// <param name="journal">The journal.</param>
    /// <param name="request">The batch with what it expects. It must not have a pass or a bypass; where it demands
    /// <see cref="AppendRequest.Gates"/>, they must be these.</param>
    /// <param name="gates">The gates.</param>
    /// <param name="context">What they are to look at.</param>
    /// <param name="options">Whether all are asked, and whether a denial is recorded; null for neither.</param>
    /// <param name="cancellationToken">Cancels waiting, never a write already queued.</param>
    /// <returns>How the append ended: <see cref="AppendFailure.Denied"/> where a gate denied. What a gate throws comes with the await,
    /// unless all are asked.</returns>
    /// <exception cref="ArgumentException">The request has a pass or a bypass.</exception>
    public static ValueTask<AppendResult> TryAppendAsync<TContext>(
        this IJournal journal,
        AppendRequest request,
        GateSet<TContext> gates,
        TContext context,
        GateOptions? options = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(journal);
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(gates);
        if (request.Pass is not null || request.Bypass is not null)
            throw new ArgumentException("The request has a pass or a bypass already; append it without evaluating gates.", nameof(request));
        return Boundary.Of(EvaluateAndAppendAsync(journal, request, gates, context, options ?? new GateOptions(), cancellationToken));
    }

    private static async ValueTask<AppendResult> EvaluateAndAppendAsync<TContext>(
        IJournal journal, AppendRequest request, GateSet<TContext> gates, TContext context, GateOptions options,
        CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // What breaks a rule is answered as for any append, and no gate is asked.
        if (!Proposal(request).TryEncode(out var batch, out _))
            return await Boundary.Following(journal.AppendInsideAsync(Proposal(request), cancellationToken));
        var trace = options.AsksAll ? gates.EvaluateAll(context, batch, out var pass) : gates.Evaluate(context, batch, out pass);
        if (pass is not null)
        {
            var passed = request with { Gates = request.Gates ?? gates, Pass = pass };
            return await Boundary.Following(journal.AppendInsideAsync(passed, cancellationToken));
        }

        var record = options.RecordDenials
            ? await Boundary.Following(journal.AppendInsideAsync(Record(gates, trace), cancellationToken))
            : null;
        var denied = new AppendResult.NotAppended(new AppendFailure.Denied(trace) { Record = record });
        JournalObserver.Of(journal)?.Refused(denied);
        return denied;
    }

    /// <summary>The append of a denial's record.</summary>
    internal static AppendRequest Record(GateSet gates, GateTrace trace) =>
        new(new EntryData(gates.Stream, GateTranslation.DeniedType, trace.ToJson()) { Role = EntryRole.Control })
        {
            AllowsOwnStreams = true,
        };

    // What gates look at has nothing to do with gates itself.
    private static AppendRequest Proposal(AppendRequest request) => request with { Gates = null, Pass = null, Bypass = null };

    private static EncodedBatch BatchOf(AppendRequest proposed)
    {
        ArgumentNullException.ThrowIfNull(proposed);
        return Proposal(proposed).Encode();
    }
}
