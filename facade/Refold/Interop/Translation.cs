// Between the mirrored records and the core's.
// Used by journals, runs and imports.
using Microsoft.FSharp.Core;

namespace Refold.Interop;

internal static class Translation
{
    public static Core.EntryData ToCore(this EntryData data, string? key)
    {
        var tags = Core.Tags.ofSeq(data.Tags.Select(Core.Tag.Create)).ValueOrThrow(nameof(data));
        var core = new Core.EntryData(
            data.Stream,
            Core.RoleModule.ofByte((byte)data.Role)?.Value ?? throw new ArgumentOutOfRangeException(nameof(data), "The role is not one of EntryRole."),
            data.Type,
            data.SchemaVersion,
            Core.Bytes.Wrap(data.Payload),
            tags,
            data.Time.ToOption(),
            data.Id.ToOption(),
            data.CorrelationId.ToOption(),
            data.CausationId.ToOption(),
            data.Run.ToOption(),
            data.Drawn.ToOption(),
            key.ToOption());
        return Core.EntryDataModule.validate(core).ValueOrThrow(nameof(data));
    }

    public static Core.AppendRequest ToCore(this AppendRequest request) =>
        new(
            [.. request.Entries.Select(data => data.ToCore(request.IdempotencyKey))],
            [.. request.Expected.Select(pair => new Tuple<StreamId, Core.ExpectedVersion>(pair.Key, pair.Value.ToCore()))],
            request.Condition is { } condition
                ? FSharpOption<Core.AppendCondition>.Some(new Core.AppendCondition(condition.Query.Value, condition.AsOf))
                : null,
            request.IdempotencyKey.ToOption());

    public static AppendFailure ToFailure(this Core.AppendError error) => error switch
    {
        Core.AppendError.Conflict conflict => new AppendFailure.Conflict(StreamId.Create(conflict.stream), ExpectedVersion.FromCore(conflict.expected), conflict.actual),
        Core.AppendError.ConditionFailed failed => new AppendFailure.ConditionFailed(failed.position),
        Core.AppendError.KeyReused reused => new AppendFailure.KeyReused(reused.key, reused.firstPosition),
        Core.AppendError.LimitExceeded exceeded => new AppendFailure.LimitExceeded(exceeded.what, exceeded.actual, exceeded.limit),
        _ => new AppendFailure.Invalid(error.ToString()),
    };
}

internal static class Errors
{
    public static string Describe(Core.AppendError error) => error.ToString();
}
