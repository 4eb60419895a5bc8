// Everything that may get to see a card's number: commands, refusals, failures, retries, calls, snapshots, reports; and what of it all was
// said. Used by TracesTests, with and without redaction.
using System.Diagnostics;
using Microsoft.Extensions.Logging;

namespace Refold.Tests.Redaction;

internal sealed class WalletStory(ILocalJournal journal, string directory, bool redacts) : IDisposable
{
    private static readonly CancellationToken ct = CancellationToken.None;
    private readonly Aggregate<WalletState, WalletCommand, WalletEvent, Denied> wallet = redacts ? Wallet.Aggregate : Wallet.Open;
    private readonly Hosting.LogLines logs = new();

    /// <summary>What functions and Decide got to see.</summary>
    public List<string> Seen { get; } = [];

    /// <summary>What was thrown.</summary>
    public List<string> Thrown { get; } = [];

    /// <summary>What was reported.</summary>
    public List<string> Reported { get; } = [];

    /// <summary>Which files held it, while they were written.</summary>
    public IReadOnlyList<string> InFiles { get; private set; } = [];

    public IEnumerable<string> Logged => logs.All.Select(line => line.Text + " " + line.Exception);

    public IEnumerable<string> LoggedSnapshots =>
        logs.All.Where(line => line.Id == RefoldEventIds.SnapshotSkipped).Select(line => line.Text);

    public void Dispose() => logs.Dispose();

    /// <summary>Lets it all happen; the activities meanwhile are answered.</summary>
    public async Task<IReadOnlyList<string>> TellAsync(ISnapshotStore snapshots)
    {
        var activities = new System.Collections.Concurrent.ConcurrentQueue<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == RefoldTelemetry.ActivitySourceName,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = activities.Enqueue,
        };
        ActivitySource.AddActivityListener(listener);
        // A store that says what it was to keep; what is redacted is in no state.
        var store = new StagedSnapshotStore(snapshots)
        {
            Fails = snapshot => snapshot.Stream == "wallet/2"
                ? new IOException("no room for " + System.Text.Encoding.UTF8.GetString(snapshot.State.Payload.Span))
                : null,
        };
        var options = RunFixture.Options() with
        {
            Snapshots = store,
            SnapshotInterval = 1,
            CheckCodecs = true,
            LoggerFactory = LoggerFactory.Create(builder => builder.SetMinimumLevel(LogLevel.Trace).AddProvider(logs)),
        };
        await using (var run = await journal.StartRunAsync(RunFixture.Pin, options))
        {
            await PayAsync(run);
            await OperateAsync(run);
            InFiles = Traces.InOpenFiles(directory);
            await run.FinishAsync();
        }

        await ReplayAsync();
        // Told beside the run.
        var told = redacts ? RefoldEventIds.SnapshotSkipped : RefoldEventIds.SnapshotNotSaved;
        await Snapshots.SnapshotFixture.UntilAsync(() => logs.Ids.Contains(told));
        return [.. activities.Select(activity =>
            $"{activity.DisplayName} {activity.StatusDescription} {string.Join(' ', activity.TagObjects)} "
            + string.Join(' ', activity.Events.SelectMany(told => told.Tags)))];
    }

    private async Task PayAsync(Run run)
    {
        var streams = run.Streams(wallet);
        var keyed = new ExecuteOptions { IdempotencyKey = "first" };
        var paid = await streams.ExecuteAsync("wallet/1", new Pay(new Card(Traces.Secret, "Ada"), 10), keyed);
        Seen.Add(((Paid)paid.Events[0]).Digits == Traces.Secret.Length ? "decide" : "");
        Reported.Add(paid.Events[0] + " " + paid.State);
        await CatchAsync(async () =>
        {
            var again = await streams.ExecuteAsync("wallet/1", new Pay(new Card("another", "Ada"), 10), keyed);
            Seen.Add(again.IsRepeated ? "repeated" : "");
        });
        var denied = await streams.ExecuteAsync("wallet/1", new Pay(new Card(Traces.Secret, "Ada"), 0));
        Reported.Add(denied.Error.ToString());
        await CatchAsync(() => streams.ExecuteAsync("wallet/1", new Pay(new Card(Traces.Secret, "Ada"), -1)));
        await CatchAsync(() => streams.ExecuteAsync("wallet/1", new Pay(new Card(Traces.Secret, null!), 1)));
        await streams.ExecuteAsync("wallet/1", new Refund(3));
        await CatchAsync(() => streams.TakeSnapshotAsync("wallet/1"));
    }

    private async Task OperateAsync(Run run)
    {
        var input = new Charge(new Card(Traces.Secret, "Ada"), 5);
        var charged = await run.RunAsync(Charging("charge", _ => { }), "a", input, ct);
        Seen.Add(charged.Token == Traces.Secret ? "output" : "");
        Reported.Add((await run.RunAsync(Charging("charge", _ => { }), "a", input, ct)).ToString());
        var failing = Charging("fail", token => throw new InvalidOperationException("cannot " + token));
        // What the function throws is the caller's own; what comes of it later is not.
        await Xunit.Assert.ThrowsAsync<InvalidOperationException>(() => run.RunAsync(failing, "b", input, ct));
        await CatchAsync(() => run.RunAsync(failing, "b", input, ct));
    }

    /// <summary>Charges a card twice, the second time in vain, and pays.</summary>
    public Operation<Charge, Charged> Charging(string name, Action<string> after) => Operation.Create(
        name,
        Wallet.Charges(redacts),
        Wallet.Answers(redacts),
        async (fx, input) =>
        {
            var answer = await fx.CallAsync("charge", input, Wallet.Charges(redacts), ChargeAsync, Wallet.Answers(redacts));
            Seen.Add(input.Card.Number == Traces.Secret && answer.Token == Traces.Secret ? "function" : "");
            await CatchAsync(() => fx.CallAsync("charge", input, Wallet.Charges(redacts), RefuseAsync, Wallet.Answers(redacts)));
            await CatchAsync(() => fx.ExecuteAsync(wallet, "wallet/2", new Pay(input.Card, -1)));
            await fx.ExecuteAsync(wallet, "wallet/2", new Pay(input.Card, input.Amount));
            after(answer.Token);
            return answer;
        });

    private async Task<Charged> ChargeAsync(Charge charge, CancellationToken cancellationToken)
    {
        await Task.Yield();
        Seen.Add(charge.Card.Number == Traces.Secret ? "call" : "");
        return new Charged(charge.Card.Number, charge.Amount);
    }

    private static Task<Charged> RefuseAsync(Charge charge, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"{charge.Card.Number} in {Uri.EscapeDataString(charge.Card.Number)} and "
            + Convert.ToBase64String(System.Text.Encoding.UTF8.GetBytes(charge.Card.Number)));

    private async Task ReplayAsync()
    {
        Operation[] operations = [Charging("charge", _ => { }), Charging("fail", token => throw new InvalidOperationException(token))];
        Operation[] changed = [Charging("charge", _ => throw new InvalidOperationException("changed")), operations[1]];
        var rule = wallet.WithDecide((step, state, command) =>
            command is Refund ? [new Paid(state.LastNumber, 0, 1)] : Wallet.Decide(step, state, command));
        ReplayReport[] reports =
        [
            await journal.ReplayAsync("test", operations, [wallet]), await journal.ReplayAsync("test", changed, [wallet]),
            await journal.VerifyAsync("test", wallet), await journal.VerifyAsync("test", rule),
        ];
        foreach (var report in reports)
        {
            var divergence = report.Divergence;
            Reported.Add(string.Join('\n', [
                report.Verdict.ToString(), report.ToString(), divergence?.Command ?? "", divergence?.StateBefore ?? "",
                .. report.Findings, .. report.Uncompared.Select(found => found.ToString())]));
        }
    }

    private async Task CatchAsync(Func<Task> act)
    {
        try
        {
            await act();
        }
        catch (Exception exception)
        {
            Thrown.Add(exception.ToString());
        }
    }
}
