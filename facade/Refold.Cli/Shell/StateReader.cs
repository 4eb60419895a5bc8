// The state of a stream at a version, as JSON, whatever the types of its aggregate are.
// Called by `refold state`.
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Refold.Cli.Shell;

/// <summary>A state and how it was folded.</summary>
internal sealed record ReadState(JsonNode? State, long Version, string? StateHash, Divergence? Divergence);

internal static class StateReader
{
    private static readonly MethodInfo Generic =
        typeof(StateReader).GetMethod(nameof(FoldAsync), BindingFlags.NonPublic | BindingFlags.Static)!;

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
        var state = aggregate.State is { } codec ? Json(codec.Encode(report.State).Payload) : (JsonNode?)report.State?.ToString();
        return new ReadState(state, report.Version, report.StateHash, report.Divergence);
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
