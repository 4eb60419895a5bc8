// What listeners see of messages that are handed over: an activity and a count for each attempt, a warning, and of verifying nothing.
// Run by `dotnet test`, alone, because sources and meters are the process's.
using System.Diagnostics;
using Refold.Tests.Hosting;
using Xunit;

namespace Refold.Tests.Delivery;

[Collection(nameof(TelemetryTests))]
public class DeliveryTelemetryTests : DispatcherFixture
{
    private static readonly CancellationToken ct = CancellationToken.None;

    [Fact]
    public async Task AMessageThatArrives_IsOneActivityAndOneConfirmedAttempt_AndVerifyingTellsNoneOfIt()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        using var seen = new Seen();
        Activity? around = null;
        var dispatcher = Dispatcher(journal, _ => (around = Activity.Current) is not null);
        await dispatcher.DeliverDueAsync(ct);
        await dispatcher.DeliverDueAsync(ct);

        var activity = Assert.Single(seen.Activities(RefoldTelemetry.DeliverActivity));
        Assert.Equal([KeyValuePair.Create<string, object?>(RefoldTelemetry.OutboxTag, "payments")], activity.TagObjects);
        Assert.Equal(ActivityStatusCode.Unset, activity.Status);
        // What the receiver does lies within.
        Assert.Same(activity, around);
        Assert.Null(Activity.Current);
        Assert.Equal(["payments confirmed"], seen.Tags(RefoldTelemetry.DeliveryAttempts));
        Assert.Empty(seen.Tags(RefoldTelemetry.DeliveryWarnings));

        seen.Forget();
        var runs = journal.Streams("$run/").Select(info => RunId.Create(info.Stream.Value["$run/".Length..])).ToList();
        var report = await journal.VerifyAsync(Assert.Single(runs), Till.Aggregate);
        Assert.True(report.Matched, report.ToString());
        await journal.FoldAsync("till/a", Till.Aggregate);
        Assert.DoesNotContain(seen.Names(), name => name.StartsWith("refold.outbox", StringComparison.Ordinal));
        Assert.NotEmpty(seen.Names());
    }

    [Fact]
    public async Task AMessageThatFails_IsAnErrorEachTime_WarnedAboutOnce_AndDeadAtItsLastAttempt()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        using var seen = new Seen();
        var dispatcher = Dispatcher(journal, _ => false);
        List<int> warnings = [];
        for (var attempt = 1; attempt <= 6; attempt++)
        {
            await dispatcher.DeliverDueAsync(ct);
            warnings.Add(seen.Tags(RefoldTelemetry.DeliveryWarnings).Count);
            Clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Equal(
            ["payments failed", "payments failed", "payments failed", "payments failed", "payments dead"],
            seen.Tags(RefoldTelemetry.DeliveryAttempts));
        // WarnAfter is 2.
        Assert.Equal([0, 1, 1, 1, 1, 1], warnings);
        Assert.Equal(["payments"], seen.Tags(RefoldTelemetry.DeliveryWarnings));
        var activities = seen.Activities(RefoldTelemetry.DeliverActivity);
        Assert.Equal(5, activities.Count);
        Assert.All(
            activities, activity => Assert.Equal((ActivityStatusCode.Error, "no bank"), (activity.Status, activity.StatusDescription)));
    }

    [Fact]
    public async Task AMessageThatIsGivenUpAtTheAttemptThatWarns_IsWarnedAboutToo()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        using var seen = new Seen();
        await Dispatcher(journal, _ => false, Options() with { WarnAfter = 1, MaxAttempts = 1 }).DeliverDueAsync(ct);
        Assert.Equal(["payments dead"], seen.Tags(RefoldTelemetry.DeliveryAttempts));
        Assert.Equal(["payments"], seen.Tags(RefoldTelemetry.DeliveryWarnings));
    }

    [Fact]
    public async Task WithConfirmationsByTheReceiver_EachAttemptCounts_AlsoTheOneThatItConfirmsAtOnce()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 2");
        using var seen = new Seen();
        var options = Options() with { ConfirmOnDelivery = false, MaxAttempts = 2 };
        // The first is confirmed while it is handed over, the second by nobody.
        var dispatcher = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            (message, token) => message.Number == 1 ? journal.ConfirmMessageAsync("payments", 1, token) : Task.CompletedTask,
            options);
        var first = await dispatcher.DeliverDueAsync(ct);
        Assert.Equal((1, 1, 0, 0), (first.Confirmed, first.Delivered, first.Failed, first.Dead));
        for (var attempt = 2; attempt <= 4; attempt++)
        {
            Clock.Advance(TimeSpan.FromMinutes(1));
            await dispatcher.DeliverDueAsync(ct);
        }

        Assert.Equal(
            ["payments confirmed", "payments delivered", "payments delivered", "payments dead"],
            seen.Tags(RefoldTelemetry.DeliveryAttempts));
        Assert.Equal(3, seen.Activities(RefoldTelemetry.DeliverActivity).Count);
        Assert.Equal(["payments"], seen.Tags(RefoldTelemetry.DeliveryWarnings));
    }

    [Fact]
    public async Task AnAttemptOfADispatcherThatLostTheOutboxMeanwhile_CountsAndWarnsOfNothing()
    {
        await using var journal = new InMemoryJournal();
        await SendAsync(journal, "pay 1");
        using var seen = new Seen();
        // By a clock of its own, so that the attempt of the first does not run out of time.
        var later = new ManualClock(Clock.GetUtcNow());
        var second = Dispatcher(journal, options: Options("second") with { TimeProvider = later, WarnAfter = 1 });
        var first = new OutboxDispatcher<TillCharge>(
            journal,
            Till.Payments,
            async (_, token) =>
            {
                await second.DeliverDueAsync(token);
                later.Advance(TimeSpan.FromMinutes(2));
                Assert.Equal(1, (await second.DeliverDueAsync(token)).Confirmed);
                throw new InvalidOperationException("late");
            },
            Options("first") with { WarnAfter = 1 });
        Assert.False((await first.DeliverDueAsync(ct)).IsOwner);
        Assert.Equal(["payments confirmed", "payments failed"], seen.Tags(RefoldTelemetry.DeliveryAttempts));
        Assert.Empty(seen.Tags(RefoldTelemetry.DeliveryWarnings));
        Assert.Equal(2, seen.Activities(RefoldTelemetry.DeliverActivity).Count);
    }
}
