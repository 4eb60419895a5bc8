// Whether a journal is open and takes appends, found without appending.
// Added by RefoldBuilder.AddHealthCheck; called by the application's health endpoint.
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Refold;

internal sealed class JournalHealthCheck(IServiceProvider services, string? name) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(context);
        IJournal journal;
        try
        {
            journal = JournalOpening.Get(services, name);
        }
        catch (Exception exception)
            when (exception is JournalException or OptionsValidationException or ArgumentException or ObjectDisposedException)
        {
            return Failed("The journal cannot be opened: " + exception.Message, exception);
        }

        var data = new Dictionary<string, object>();
        try
        {
            data["position"] = (await journal.HeadAsync(cancellationToken).ConfigureAwait(false)).Position;
            if (JournalOpening.OptionsOf(services, name).Journal.ReadOnly)
            {
                await foreach (var entry in journal.ReadAllAsync(maxCount: 1, cancellationToken: cancellationToken).ConfigureAwait(false))
                    data["position"] = Math.Max((long)data["position"], entry.Position);
                return HealthCheckResult.Healthy("The journal can be read.", data);
            }
        }
        catch (Exception exception) when (exception is JournalException or ObjectDisposedException)
        {
            return Failed("The journal cannot be read: " + exception.Message, exception);
        }

        return await journal.TryAppendAsync(HealthProbe.Batch, cancellationToken).ConfigureAwait(false) switch
        {
            AppendResult.NotAppended { Failure: AppendFailure.Conflict } => HealthCheckResult.Healthy("The journal takes appends.", data),
            AppendResult.NotAppended { Failure: AppendFailure.Unavailable unavailable } =>
                Failed(
                    $"The journal takes no appends: {unavailable.Reason}{(unavailable.Cause is { } cause ? ": " + cause.Message : "")}.",
                    unavailable.Cause),
            AppendResult.NotAppended refused => Failed($"The journal takes no appends: {refused.Failure}.", null),
            AppendResult.OutcomeUnknown unknown => Failed("The journal takes no appends: " + unknown.Cause.Message, unknown.Cause),
            _ => throw new InvalidOperationException("An append that expects a version no stream has was committed."),
        };

        HealthCheckResult Failed(string description, Exception? cause) => new(context.Registration.FailureStatus, description, cause);
    }
}

/// <summary>What a health check asks of a journal. Apart from the check, so that appending does not load the
/// packages of health checks.</summary>
internal static class HealthProbe
{
    /// <summary>An append that every journal that takes appends refuses, after it went the whole way of an append: it
    /// expects a version no stream has.</summary>
    public static readonly EncodedBatch Batch = Make().Encode();

    private static AppendRequest Make()
    {
        var stream = StreamId.Create("$refold/health");
        return new AppendRequest(new EntryData(stream, "probe", default))
        {
            Expected = new Dictionary<StreamId, ExpectedVersion> { [stream] = ExpectedVersion.Exactly(long.MaxValue) },
            AllowsOwnStreams = true,
        };
    }
}
