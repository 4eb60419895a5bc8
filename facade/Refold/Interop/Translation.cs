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
    internal static FSharpResult<Core.EntryData, Core.ValueError> Take(this EntryData data, string? key)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(data.Stream);
        ArgumentNullException.ThrowIfNull(data.Tags);
        var tags = Core.Tags.ofTexts(data.Tags);
        if (tags.IsError) return FSharpResult<Core.EntryData, Core.ValueError>.NewError(tags.ErrorValue);
        if (!Enum.IsDefined(data.Role)) return FSharpResult<Core.EntryData, Core.ValueError>.NewError(NoRole(data.Role));

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

    internal static Core.ValueError NoRole(EntryRole role) =>
        Core.ValueError.NewOutOfRange("role", role.ToString("D"), "one of EntryRole");

    /// <summary>Whether an entry has nothing but a stream, a role, a type, a schema version and a payload, as most have.</summary>
    internal static bool IsPlain(EntryData data)
    {
        ArgumentNullException.ThrowIfNull(data);
        ArgumentNullException.ThrowIfNull(data.Stream);
        ArgumentNullException.ThrowIfNull(data.Tags);
        return data.Tags.Count == 0 && data.Time is null && data.Id is null && data.CorrelationId is null && data.CausationId is null
            && data.Run is null && data.Drawn is null;
    }

    /// <summary>An entry that obeys the rules.</summary>
    /// <exception cref="ArgumentException">It breaks one.</exception>
    public static Core.EntryData ToCore(this EntryData data) => data.Take(null).ValueOrThrow(nameof(data));

    public static Core.AppendCondition ToCore(this AppendCondition condition) => new(condition.Query.Value, condition.AsOf);

    /// <summary>Validates, encodes and hashes an append on the caller's thread, before anything is queued.</summary>
    /// <param name="request">The request.</param>
    /// <param name="isLent">Whether nobody but the library will hold the batch, until the journal that writes it gives it back.</param>
    /// <returns>The batch, or why it can never be appended.</returns>
    public static (EncodedBatch? Batch, AppendFailure? Failure) Encoded(this AppendRequest request, bool isLent = false)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(request.Entries);
        ArgumentNullException.ThrowIfNull(request.Expected);
        if (request.IsGated) return request.EncodedByItself();
        if (request.Condition is not null) ArgumentNullException.ThrowIfNull(request.Condition.Query);
        var entries = RequestEntries.Of(request, isLent, out var fault);
        if (fault is not null) return (null, new AppendFailure.Invalid(fault.ToString()));
        var asked = new Core.AppendRequest(
            FSharpList<Core.EntryData>.Empty,
            request.Expected.Count == 0
                ? FSharpList<Tuple<StreamId, ExpectedVersion>>.Empty
                : request.Expected.Select(pair => new Tuple<StreamId, ExpectedVersion>(pair.Key, pair.Value)).ToFSharpList(),
            request.Condition is { } condition ? FSharpOption<Core.AppendCondition>.Some(condition.ToCore()) : null,
            request.IdempotencyKey.ToOption());
        var (batch, failure) = Core.Append.encodeFrom(asked, entries, request.AllowsOwnStreams, isLent).Split();
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
        Core.AppendError.PassRefused refused => new AppendFailure.PassRefused(refused.gates, refused.fault),
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
        { IsDropped: true } => new EntriesDroppedException(stream, error.upTo),
        _ => new JournalException("read", error + "."),
    };
}
