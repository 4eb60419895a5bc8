// The state of a stream at a version, as JSON, whatever the types of its aggregate are.
// Called by `refold state`.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refold.Cli.Shell;

/// <summary>A state and how it was folded.</summary>
/// <param name="State">The state as JSON; null for none.</param>
/// <param name="Version">The version of the last entry in it.</param>
/// <param name="StateHash">Its hash; null without a state codec.</param>
/// <param name="Divergence">What was not as it was recorded; null for nothing.</param>
/// <param name="Encoded">What the state codec gave; null without one.</param>
internal sealed record ReadState(JsonNode? State, long Version, string? StateHash, Divergence? Divergence, Encoded? Encoded);

internal static class StateReader
{
    private static readonly MethodInfo Generic =
        typeof(StateReader).GetMethod(nameof(FoldAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

    private static readonly MethodInfo GenericCheck = typeof(EvidenceChecks).GetMethod(nameof(EvidenceChecks.CheckSnapshotAsync))!;

    public static Task<ReadState> ReadAsync(
        IJournal journal, StreamId stream, Aggregate aggregate, long at, CancellationToken cancellationToken)
    {
        // The type arguments are the aggregate's own: it is sealed, and its base has none.
        var fold = Generic.MakeGenericMethod(aggregate.GetType().GetGenericArguments());
        return (Task<ReadState>)fold.Invoke(null, [journal, stream, aggregate, at, cancellationToken])!;
    }

    private static async Task<ReadState> FoldAsync<TState, TCommand, TEvent, TError>(
        IJournal journal, StreamId stream, Aggregate<TState, TCommand, TEvent, TError> aggregate, long at,
        CancellationToken cancellationToken)
    {
        var report = await journal.FoldAsync(stream, aggregate, at, cancellationToken);
        var encoded = aggregate.State?.Encode(report.State);
        var state = encoded is not null ? Json(encoded.Payload) : (JsonNode?)report.State?.ToString();
        return new ReadState(state, report.Version, report.StateHash, report.Divergence, encoded);
    }

    /// <summary>Compares the report of a snapshot with the state folded again.</summary>
    public static Task<EvidenceCheck> CheckAsync(
        ILocalJournal journal, EvidenceReport report, Aggregate aggregate, CancellationToken cancellationToken)
    {
        var check = GenericCheck.MakeGenericMethod(aggregate.GetType().GetGenericArguments());
        return (Task<EvidenceCheck>)check.Invoke(null, [journal, report, aggregate, cancellationToken])!;
    }

    private static JsonNode? Json(ReadOnlyMemory<byte> payload)
    {
        try
        {
            return JsonNode.Parse(payload.Span);
        }
        catch (JsonException)
        {
            return new JsonObject { ["dataBase64"] = Convert.ToBase64String(payload.Span) };
        }
    }
}
