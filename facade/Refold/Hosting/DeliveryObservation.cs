// What is measured and traced of messages that are handed over: each attempt, how it ended, and those that are not confirmed for long.
// Called by OutboxDispatcher.
using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Refold;

internal static class DeliveryObservation
{
    // How an attempt ended: RefoldTelemetry.DeliveryAttempts.
    public const string Confirmed = "confirmed";
    public const string Delivered = "delivered";
    public const string Failed = "failed";
    public const string Dead = "dead";

    private static readonly Counter<long> Attempts = RefoldTelemetry.Meter.CreateCounter<long>(
        RefoldTelemetry.DeliveryAttempts, "{attempt}", "Attempts to hand messages over.");

    private static readonly Counter<long> Warnings = RefoldTelemetry.Meter.CreateCounter<long>(
        RefoldTelemetry.DeliveryWarnings, "{message}", "Messages that are not confirmed after several attempts.");

    /// <summary>A message is handed over; its activity is current until it is disposed.</summary>
    public static Activity? Begin(string outbox) =>
        RefoldTelemetry.Source.StartActivity(RefoldTelemetry.DeliverActivity)?.SetTag(RefoldTelemetry.OutboxTag, outbox);

    /// <summary>It was not taken.</summary>
    public static void Ended(Activity? activity, Exception failure) => QuietLogger.Quietly(
        (activity, failure), static end => end.activity?.SetStatus(ActivityStatusCode.Error, end.failure.Message));

    /// <summary>One attempt was made, or, as <see cref="Dead"/>, no other will be.</summary>
    public static void Attempted(string outbox, string outcome) => QuietLogger.Quietly(
        (outbox, outcome),
        static told => Attempts.Add(
            1,
            RefoldTelemetry.Tag(RefoldTelemetry.OutboxTag, told.outbox),
            RefoldTelemetry.Tag(RefoldTelemetry.OutcomeTag, told.outcome)));

    /// <summary>A message is not confirmed after as many attempts as its dispatcher warns at.</summary>
    public static void Delayed(string outbox) =>
        QuietLogger.Quietly(outbox, static told => Warnings.Add(1, RefoldTelemetry.Tag(RefoldTelemetry.OutboxTag, told)));
}

/// <summary>What a round has come to so far.</summary>
internal sealed class RoundCounts
{
    public int Confirmed { get; private set; }

    public int Delivered { get; private set; }

    public int Failed { get; private set; }

    public int Dead { get; set; }

    /// <summary>An attempt has ended so.</summary>
    public void Add(string outcome)
    {
        switch (outcome)
        {
            case DeliveryObservation.Confirmed:
                Confirmed++;
                break;
            case DeliveryObservation.Delivered:
                Delivered++;
                break;
            case DeliveryObservation.Dead:
                (Failed, Dead) = (Failed + 1, Dead + 1);
                break;
            default:
                Failed++;
                break;
        }
    }
}
