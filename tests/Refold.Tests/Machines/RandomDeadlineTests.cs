// Random commands, passing time, drivers and restarts against a model that counts what must be sent.
// Run by `dotnet test`.
using Xunit;

namespace Refold.Tests.Machines;

public class RandomDeadlineTests
{
    private static readonly RunPin Pin = new("gates", "acme", "1.0", seed: 7);

    [Theory]
    [InlineData("memory", 40)]
    [InlineData("segments", 10)]
    [InlineData("litedb", 10)]
    public async Task EachDeadlineIsSentOnce_WhateverHappensAround(string store, int rounds)
    {
        for (var seed = 0; seed < rounds; seed++) await RoundAsync(store, (ulong)seed);
    }

    // What the model knows of a gate: whether it is open, since when, and whether its time-out was sent.
    private sealed record Model(bool IsOpen, int Cents, DateTimeOffset Since, int Version, int TimeOuts);

    private static async Task RoundAsync(string store, ulong seed)
    {
        var random = SeededRng.FromSeed(seed);
        var clock = new ManualClock();
        await using var journal = Stores.Open(store);
        await using var snapshots = new InMemorySnapshotStore();
        var streams = new[] { "turnstile/a", "turnstile/b", "turnstile/c" };
        var models = streams.ToDictionary(name => name, _ => new Model(false, 0, default, 0, 0));
        for (var life = 0; life < 4; life++)
        {
            var options = new RunOptions
            {
                RunId = RunId.Create(life % 2 == 0 ? "even" : "odd"),
                TimeProvider = clock,
                Snapshots = random.Between(0, 1) == 0 ? snapshots : null,
                SnapshotInterval = 2,
            };
            await using var run = await journal.StartOrResumeRunAsync(options.RunId, Pin, options);
            await using var driver = Turnstile.Definition.Deadlines(run);
            for (var act = 0; act < 12; act++)
            {
                clock.Advance(TimeSpan.FromSeconds(random.Between(0, 20)));
                var name = streams[random.Between(0, 2)];
                if (random.Between(0, 3) > 0)
                    models[name] = await GiveAsync(run, name, models[name], random, clock.GetUtcNow());
                else
                    await FireAsync(driver, models, clock.GetUtcNow());
            }
        }

        var (sent, expected) = (journal.ReadAll().Count(entry => entry.Type == "timed-out"), models.Values.Sum(model => model.TimeOuts));
        Assert.True(sent == expected, $"seed {seed}: {sent} were sent, {expected} were due");
        Assert.All(models, model => Assert.Equal(model.Value.Version, journal.HighestVersion(model.Key)));
        foreach (var run in await journal.RunsAsync())
        {
            var report = await journal.VerifyAsync(run.Id, Turnstile.Aggregate);
            Assert.False(report.Verdict == ReplayVerdict.Diverged, $"seed {seed}: {report}");
        }
    }

    private static async Task<Model> GiveAsync(Run run, string name, Model model, SeededRng random, DateTimeOffset now)
    {
        var gate = run.Streams(Turnstile.Aggregate);
        if (random.Between(0, 2) == 0)
        {
            var pushed = await gate.ExecuteAsync(name, new Push());
            Assert.Equal(model.IsOpen, pushed.IsAccepted);
            return model.IsOpen ? model with { IsOpen = false, Version = model.Version + 1 } : model;
        }

        var coin = random.Between(1, 120);
        var paid = await gate.ExecuteAsync(name, new Coin(coin));
        Assert.Equal(!model.IsOpen, paid.IsAccepted);
        if (model.IsOpen) return model;
        return model.Cents + coin >= 100
            ? model with { IsOpen = true, Cents = model.Cents + coin - 100, Since = now, Version = model.Version + 2 }
            : model with { Cents = model.Cents + coin, Version = model.Version + 1 };
    }

    private static async Task FireAsync(DeadlineDriver driver, Dictionary<string, Model> models, DateTimeOffset now)
    {
        var due = models.Where(model => model.Value.IsOpen && now - model.Value.Since >= TimeSpan.FromSeconds(30)).ToList();
        Assert.Equal(due.Count, await driver.FireDueAsync());
        foreach (var (name, model) in due)
            models[name] = model with { IsOpen = false, Version = model.Version + 1, TimeOuts = model.TimeOuts + 1 };
        Assert.Equal(0, await driver.FireDueAsync());
    }
}
