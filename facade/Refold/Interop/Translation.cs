// Between the mirrored records and the core's.
// Used by journals, runs and imports.
using Microsoft.FSharp.Collections;
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class Translation
{
    /// <summary>The entry in its normal form, or which rule it breaks. A null where none may be is the
    /// caller's mistake and throws.</summary>
    public static FSharpResult<Core.EntryData, Core.ValueError> TryToCore(this EntryData data, string? key)
    {
        var taken = data.Take(key);
        return taken.IsOk ? Core.EntryDataModule.validate(taken.ResultValue) : taken;
    }

    // As it was given: encoding a batch judges it.
    private static FSharpResult<Core.EntryData, Core.ValueError> Take(this EntryData data, string? key)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(data.Stream);
        ArgumentNullException.ThrowIfNull(data.Tags);
        var tags = Core.Tags.ofTexts(data.Tags);
        if (tags.IsError) return FSharpResult<Core.EntryData, Core.ValueError>.NewError(tags.ErrorValue);
        if (!Enum.IsDefined(data.Role))
        {
            return FSharpResult<Core.EntryData, Core.ValueError>.NewError(
                Core.ValueError.NewOutOfRange("role", data.Role.ToString("D"), "one of EntryRole"));
        }

        return FSharpResult<Core.EntryData, Core.ValueError>.NewOk(new Core.EntryData(
            data.Stream,
            Core.RoleModule.ofByte((byte)data.Role)!.Value,
            data.Type,
            data.SchemaVersion,
            Core.Bytes.Wrap(data.Payload),
            tags.ResultValue,
            data.Time.ToOption(),
            data.Id.ToOption(),
            data.CorrelationId.ToOption(),
            data.CausationId.ToOption(),
            data.Run.ToOption(),
            data.Drawn.ToOption(),
            key.ToOption()));
    }

    /// <summary>An entry that obeys the rules.</summary>
    /// <exception cref="ArgumentException">It breaks one.</exception>
    public static Core.EntryData ToCore(this EntryData data) => data.Take(null).ValueOrThrow(nameof(data));

    public static Core.AppendCondition ToCore(this AppendCondition condition) => new(condition.Query.Value, condition.AsOf);

    /// <summary>Validates, encodes and hashes an append on the caller's thread, before anything is queued.</summary>
    /// <returns>The batch, or why it can never be appended.</returns>
    public static (EncodedBatch? Batch, AppendFailure? Failure) Encoded(this AppendRequest request)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Entries);
        ArgumentNullException.ThrowIfNull(request.Expected);
        if (request.Condition is not null) ArgumentNullException.ThrowIfNull(request.Condition.Query);
        // Of more than a batch may have, no more are made than show that.
        var counted = Math.Min(request.Entries.Count, Core.Limits.batchEntries + 1);
        var entries = new List<Core.EntryData>(counted);
        foreach (var data in request.Entries.Take(counted))
        {
            var entry = data.Take(request.IdempotencyKey);
            if (entry.IsError) return (null, new AppendFailure.Invalid(entry.ErrorValue.ToString()));
            entries.Add(entry.ResultValue);
        }

        var asked = new Core.AppendRequest(
            entries.ToFSharpList(),
            request.Expected.Select(pair => new Tuple<StreamId, ExpectedVersion>(pair.Key, pair.Value)).ToFSharpList(),
            request.Condition is { } condition ? FSharpOption<Core.AppendCondition>.Some(condition.ToCore()) : null,
            request.IdempotencyKey.ToOption());
        var (batch, failure) = (request.AllowsOwnStreams ? Core.Append.encodeOwn(asked) : Core.Append.encode(asked)).Split();
        if (batch is not null) batch.Pipelined = request.Pipelined;
        return (batch, failure);
    }

    /// <summary>The entries of a batch to restore.</summary>
    public static FSharpList<Core.Entry> ToCore(this IReadOnlyList<JournalEntry> batch)
    {
        ArgumentNullException.ThrowIfNull(batch);
        return batch.Select(entry => (entry ?? throw new ArgumentNullException(nameof(batch), "An entry is null.")).Value).ToFSharpList();
    }

    /// <summary>An F# result as a pair, of which exactly one is there.</summary>
    public static (T? Value, AppendFailure? Failure) Split<T>(this FSharpResult<T, Core.AppendError> result)
        where T : class =>
        result.IsOk ? (result.ResultValue, null) : (null, result.ErrorValue.ToFailure());

    public static AppendFailure ToFailure(this Core.AppendError error) => error switch
    {
        Core.AppendError.Conflict conflict =>
            new AppendFailure.Conflict(StreamId.Create(conflict.stream), conflict.expected, conflict.actual),
        Core.AppendError.ConditionFailed failed => new AppendFailure.ConditionFailed(failed.position),
        Core.AppendError.KeyReused reused => new AppendFailure.KeyReused(reused.key, reused.firstPosition),
        Core.AppendError.LimitExceeded exceeded => new AppendFailure.LimitExceeded(exceeded.what, exceeded.actual, exceeded.limit),
        Core.AppendError.Invalid { error: Core.ValueError.Reserved { what: "stream" } reserved } =>
            new AppendFailure.SystemStream(StreamId.Create(reserved.value)),
        _ => new AppendFailure.Invalid(error.ToString()),
    };
}

internal static class Errors
{
    public static string Describe(Core.AppendError error) => error.ToString();

    public static string DescribeSystem(StreamId stream) => Core.ValueError.NewReserved("stream", stream.Value).ToString();

    public static JournalException ToException(this Core.ReadError error, StreamId stream) => error switch
    {
        Core.ReadError.Dropped dropped => new EntriesDroppedException(stream, dropped.upTo),
        _ => new JournalException("read", error + "."),
    };
}
