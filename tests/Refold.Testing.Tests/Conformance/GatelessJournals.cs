// Stores that ask the gates of their options, and stores that forget to in one way each: the suite has to notice every one.
// Used by GatelessStoreTests.
namespace Refold.Testing.Tests.Conformance;

/// <summary>Asks as a store is told to: the control.</summary>
internal class AskingJournal : BrokenJournal, IJournal
{
    private readonly RequiredGates gates;

    public AskingJournal(InMemoryJournal inner, JournalOptions options)
        : base(inner) => gates = Refold.RequiredGates.Of(options, WriteAsync, RestoreUnaskedAsync);

    public virtual GateSet? RequiredGates => gates.Gates;

    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        gates.AppendAsync(batch, cancellationToken);

    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) => gates.RestoreAsync(batch, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        gates.Close();
        return base.DisposeAsync();
    }

    protected virtual ValueTask<AppendResult> WriteAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        base.TryAppendAsync(batch, cancellationToken);

    protected ValueTask<AppendResult> RestoreUnaskedAsync(IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken) =>
        base.TryRestoreAsync(batch, cancellationToken);
}

/// <summary>Says that it demands gates, and asks none about appends.</summary>
internal sealed class ForgetfulOfAppends(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        WriteAsync(batch, cancellationToken);
}

/// <summary>Asks about appends, and none about restored batches.</summary>
internal sealed class ForgetfulOfRestores(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    public override ValueTask<AppendResult> TryRestoreAsync(
        IReadOnlyList<JournalEntry> batch, CancellationToken cancellationToken = default) =>
        RestoreUnaskedAsync(batch, cancellationToken);
}

/// <summary>Asks, and does not say so.</summary>
internal sealed class SilentOfGates(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    public override GateSet? RequiredGates => null;
}

/// <summary>Asks about keyed appends no more than about known ones: a key is taken for leave.</summary>
internal sealed class TrustingKeys(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        batch.Key is null ? base.TryAppendAsync(batch, cancellationToken) : WriteAsync(batch, cancellationToken);
}

/// <summary>Asks about the first append of a batch only: handed over again it is let in.</summary>
internal sealed class TrustingRetries(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    private EncodedBatch? before;

    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        if (ReferenceEquals(before, batch)) return WriteAsync(batch, cancellationToken);
        before = batch;
        return base.TryAppendAsync(batch, cancellationToken);
    }
}

/// <summary>Asks twice about each append.</summary>
internal sealed class AskingTwice : AskingJournal
{
    private readonly RequiredGates first;

    public AskingTwice(InMemoryJournal inner, JournalOptions options)
        : base(inner, options) => first = Refold.RequiredGates.Of(options, base.TryAppendAsync, base.TryRestoreAsync);

    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        first.AppendAsync(batch, cancellationToken);
}

/// <summary>Appends first, and asks then.</summary>
internal sealed class AskingAfterwards(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    private AppendResult? written;

    public override async ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default)
    {
        written = await base.WriteAsync(batch, cancellationToken);
        return await base.TryAppendAsync(batch, cancellationToken);
    }

    protected override ValueTask<AppendResult> WriteAsync(EncodedBatch batch, CancellationToken cancellationToken) => new(written!);
}

/// <summary>Loses the records of denials.</summary>
internal sealed class RecordingNone(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    protected override ValueTask<AppendResult> WriteAsync(EncodedBatch batch, CancellationToken cancellationToken) =>
        batch.Type(0) == "gate-denied"
            ? new(new AppendResult.NotAppended(new AppendFailure.Unavailable("no room", null)))
            : base.WriteAsync(batch, cancellationToken);
}

/// <summary>Refuses whatever is in streams that begin with $.</summary>
internal sealed class RefusingOwn(InMemoryJournal inner, JournalOptions options) : AskingJournal(inner, options)
{
    public override ValueTask<AppendResult> TryAppendAsync(EncodedBatch batch, CancellationToken cancellationToken = default) =>
        RequiredGates is { } demanded && batch.Stream(0).Value.StartsWith('$')
            ? new(new AppendResult.NotAppended(new AppendFailure.PassRefused(demanded.Pipeline, PassFault.Missing)))
            : base.TryAppendAsync(batch, cancellationToken);
}

/// <summary>A store that is opened with gates and without; what it has is kept over openings.</summary>
internal sealed class GatedFixture(Func<InMemoryJournal, JournalOptions, IJournal> wrap) : JournalFixture
{
    private readonly InMemoryJournal kept = new();

    public override JournalCapabilities Capabilities => JournalCapabilities.All & ~JournalCapabilities.SeveralProcesses;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => new(wrap(kept, new JournalOptions()));

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        new(wrap(kept, options));
}
