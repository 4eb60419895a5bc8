// Requests that have to do with gates: encoded, with the claim to get through, or with the entry of a bypass.
// Used by GatedAppend, and by Translation for batches that are encoded by themselves.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class GateTranslation
{
    /// <summary>What the streams of gates begin with.</summary>
    public static string StreamPrefix => GateSet.StreamPrefix;

    /// <summary>The type of a recorded denial.</summary>
    public static string DeniedType => GateSet.DeniedType;

    /// <summary>The type of the entry of a bypass.</summary>
    public static string BypassedType => GateSet.BypassedType;

    /// <summary>Whether a store refuses a batch whatever gates say, unless its key is known.</summary>
    public static bool IsRefused(EncodedBatch batch) => batch.Refusal is not null || batch.Violation is not null;

    /// <summary>Whether a batch has nothing but what Refold keeps of its own work.</summary>
    public static bool IsOwnRecord(EncodedBatch batch) => GateProposal.isOwnRecord(batch);

    /// <summary>The same batch, which commits nothing.</summary>
    public static EncodedBatch RefusedBy(EncodedBatch batch, GateSet gates) =>
        batch.RefusedBy(Core.AppendError.NewPassRefused(gates.Pipeline, PassFault.Missing));

    /// <summary>Entries of one batch as an append of them would be encoded; null where one breaks a rule.</summary>
    public static EncodedBatch? EncodedAgain(this IReadOnlyList<JournalEntry> batch)
    {
        var entries = batch.ToCore();
        var bare = Core.Append.request(entries.Select(entry => entry.Data).ToFSharpList());
        var encoded = Core.Append.encodeOwn(new Core.AppendRequest(bare.Entries, bare.Expected, bare.Condition, entries.Head.Data.Key));
        return encoded.IsOk ? encoded.ResultValue : null;
    }

    /// <summary>Encodes a request for the append that is under way.</summary>
    /// <returns>The batch, and its claim, which has taken nothing yet: none where a bypass goes with it. Or why it can never be
    /// appended.</returns>
    public static (EncodedBatch? Batch, Core.GateClaim? Claim, AppendFailure? Failure) EncodedWithClaim(this AppendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request.Entries);
        // Looked at twice for a bypass, so that both see the same; of many more than a batch may have no more than show that.
        EntryData[] entries = [.. request.Entries.Take(Core.Limits.batchEntries + 1)];
        // Encoded twice then: both times the same bytes.
        if (request.Bypass is not null)
            entries = Array.ConvertAll(entries, entry => entry is null ? null! : entry with { Payload = entry.Payload.ToArray() });
        var proposed = request with { Entries = entries, Gates = null, Pass = null, Bypass = null };
        var (batch, failure) = proposed.Encoded();
        if (batch is null) return (null, null, failure);
        if (request.Bypass is not { } bypass)
            return (batch, new Core.GateClaim(request.Gates, request.Pass, GateProposal.contentOf(batch)), null);
        if (request.Pass is not null)
            return (null, null, new AppendFailure.Invalid("the append has both a pass and a bypass of gates; give it one"));
        if (request.Gates is { } gates && !ReferenceEquals(gates, bypass.Gates))
            return (null, null, new AppendFailure.PassRefused(gates.Pipeline, PassFault.OtherGates));
        var told = new EntryData(bypass.Gates.Stream, BypassedType, bypass.PayloadOf(batch)) { Role = EntryRole.Control };
        (batch, failure) = (proposed with { Entries = [.. entries, told], AllowsOwnStreams = true }).Encoded();
        if (batch is not null) batch.Cleared = bypass.Gates;
        return (batch, null, failure);
    }

    /// <summary>Encodes a request without an append under way: the batch is refused, unless a bypass goes with it.</summary>
    public static (EncodedBatch? Batch, AppendFailure? Failure) EncodedByItself(this AppendRequest request)
    {
        var (batch, claim, failure) = request.EncodedWithClaim();
        if (batch is not null && claim is not null)
        {
            var gates = (request.Gates ?? request.Pass!.Gates).Pipeline;
            batch.Refuse(Core.AppendError.NewPassRefused(gates, PassFault.NotAsRequest));
        }

        return (batch, failure);
    }

    /// <summary>Takes the pass. Where there is none to take, the batch is refused: the answer, if it is not to be appended.</summary>
    public static AppendFailure? Take(this Core.GateClaim claim, EncodedBatch batch)
    {
        if (claim.Take() is not { } refusal) return null;
        batch.Refuse(refusal.Value);
        return refusal.Value.ToFailure();
    }

    /// <summary>The members of a recorded bypass; null for other bytes.</summary>
    public static BypassRecord? ReadBypass(ReadOnlyMemory<byte> payload) =>
        Core.GateRecord.tryReadBypass(payload) is { IsSome: true, Value: var read }
            ? new BypassRecord(read.Pipeline, read.Name, read.Justification, read.Approver, read.Types, read.Content)
            : null;

    private static void Refuse(this EncodedBatch batch, Core.AppendError error) =>
        batch.Refusal = FSharpOption<Core.AppendError>.Some(error);
}
