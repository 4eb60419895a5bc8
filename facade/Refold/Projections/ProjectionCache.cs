// Cached states of projections, kept in any snapshot store: in memory, in files, in LiteDB.
// Given to RunWithEvidenceAsync. What of a kept state may be used decides the core's rule; a cache is never the truth.
using System.Globalization;
using System.Text.Json;
using Microsoft.FSharp.Core;

namespace Refold;

/// <summary>How a projection is run.</summary>
public sealed record ProjectionOptions
{
    /// <summary>The position the state is to be as of: the batch that holds it counts whole.</summary>
    /// <value>Default: null, the head.</value>
    public long? AsOf { get; init; }

    /// <summary>The time the state is to be as of, instead of a position: see <see cref="ILocalJournal.HeadAsOf"/>.</summary>
    /// <value>Default: null. Not with <see cref="AsOf"/>.</value>
    public DateTimeOffset? AsOfTime { get; init; }

    /// <summary>The age up to which a cached state may be served though the journal went on; younger than this, not as old.</summary>
    /// <value>Default: null, the state is as of the journal's head. Zero serves none. Whole milliseconds count.</value>
    public TimeSpan? MaxStale { get; init; }

    /// <summary>Where states are kept.</summary>
    /// <value>Default: null, every entry is folded.</value>
    public ProjectionCache? Cache { get; init; }

    /// <summary>The members, the same under every culture.</summary>
    /// <returns>One line.</returns>
    public override string ToString() => Interop.InvariantText.Of(nameof(ProjectionOptions), PrintMembers);
}

/// <summary>Keeps states of projections by id, schema version and query. A state that is ahead of the journal, of another history, of
/// another schema or query, or that cannot be read, is not used.</summary>
/// <param name="store">The snapshot store; that of a journal's runs will do, as names begin with <c>$projection/</c>. In memory a state is
/// used only where it is as of the head; from other stores a run goes on from it.</param>
/// <param name="clock">Tells the age of states; null for the system's clock.</param>
public sealed class ProjectionCache(ISnapshotStore store, TimeProvider? clock = null)
{
    private const string Form = "projection-row";

    private readonly TimeProvider clock = clock ?? TimeProvider.System;

    internal async ValueTask<Core.CacheAnswer> GetAsync(StreamId key, CancellationToken cancellationToken)
    {
        SnapshotAnswer answer;
        try
        {
            answer = await store.LoadAsync(key, cancellationToken: cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Whatever a store throws, the entries are there.
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return Core.CacheAnswer.Failed;
        }

        if (answer.Snapshot is not { } kept || TryRead(kept) is not var (row, writtenAt)) return Core.CacheAnswer.Absent;
        return Core.CacheAnswer.NewFound(
            row, clock.GetUtcNow().ToUnixTimeMilliseconds() - writtenAt,
            store is InMemorySnapshotStore ? Core.CachePlace.InMemory : Core.CachePlace.Kept);
    }

    /// <summary>Keeps a row; what is wrong with the store is told, and nothing else happens.</summary>
    internal async ValueTask<string?> PutAsync(StreamId key, Core.ProjectionRow row, CancellationToken cancellationToken)
    {
        try
        {
            var kept = new Snapshot(key, row.Watermark.Position, row.Watermark, Write(row));
            await store.SaveAsync(kept, cancellationToken).ConfigureAwait(false);
            return null;
        }
#pragma warning disable CA1031 // The run has its answer, kept or not.
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            return "the state was not kept in the cache: " + exception.Message;
        }
    }

    /// <summary>The name under which the states of a projection are kept.</summary>
    internal static StreamId KeyOf(string id, int schemaVersion, Hash query) => StreamId.Create(string.Create(
        CultureInfo.InvariantCulture, $"$projection/{id}/{schemaVersion}/{query.ToString()[..32]}"));

    private Encoded Write(Core.ProjectionRow row)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            writer.WriteString("entriesHash", row.EntriesHash.ToString());
            writer.WriteString("queryHash", row.QueryHash.ToString());
            writer.WriteNumber("schemaVersion", row.SchemaVersion);
            if (row.State is { } state)
            {
                writer.WriteBase64String("state", state.Value.Payload.Span);
                writer.WriteNumber("stateSchemaVersion", state.Value.SchemaVersion);
                writer.WriteString("stateType", state.Value.Type);
            }

            writer.WriteNumber("writtenAt", clock.GetUtcNow().ToUnixTimeMilliseconds());
            writer.WriteEndObject();
        }

        return new Encoded(Form, 1, stream.ToArray());
    }

    private static (Core.ProjectionRow Row, long WrittenAt)? TryRead(Snapshot kept)
    {
        if (kept.State.Type != Form || kept.State.SchemaVersion != 1) return null;
        try
        {
            using var document = JsonDocument.Parse(kept.State.Payload);
            var json = document.RootElement;
            var state = json.TryGetProperty("state", out var bytes)
                ? FSharpOption<Core.Encoded>.Some(new Core.Encoded(
                    json.GetProperty("stateType").GetString()!, json.GetProperty("stateSchemaVersion").GetInt32(),
                    Core.Bytes.Wrap(bytes.GetBytesFromBase64())))
                : null;
            return (
                new Core.ProjectionRow(
                    kept.Head, json.GetProperty("schemaVersion").GetInt32(), Hash.Parse(json.GetProperty("queryHash").GetString()!),
                    state, Hash.Parse(json.GetProperty("entriesHash").GetString()!)),
                json.GetProperty("writtenAt").GetInt64());
        }
        catch (Exception exception) when (
            exception is JsonException or FormatException or InvalidOperationException or KeyNotFoundException or ArgumentException)
        {
            return null;
        }
    }
}
