// Random sequences of saves, loads, deletions and openings, compared with the store in memory after each; named by their seed.
// Run by SnapshotConformance as the last of its cases.
using System.Globalization;
using System.Security.Cryptography;

namespace Refold.Testing;

internal static class SnapshotSequence
{
    private static readonly string[] Streams = ["a", "b", "b/1"];

    public static IReadOnlyList<SnapshotCase> All { get; } = [new(
        "random sequences are answered as by the store in memory", SnapshotCapabilities.Keeps, (_, create, options) =>
        RunAsync(create, options))];

    private static async Task<string> RunAsync(Func<SnapshotFixture> create, ConformanceOptions options)
    {
        var first = options.Seed ?? BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4));
        for (var seed = first; seed - first < (ulong)options.Sequences; seed++)
        {
            var story = new List<string>();
            try
            {
                var bench = new SnapshotBench(create());
                await using (bench) await PlayAsync(bench, SeededRng.FromSeed(seed), options.MostCommands, story);
            }
            catch (Exception exception) when (exception is not NotShownException)
            {
                var again = string.Create(
                    CultureInfo.InvariantCulture, $"seed {seed}; again: new ConformanceOptions {{ Seed = {seed}, Sequences = 1 }}");
                throw new ConformanceException($"{again}\n  {string.Join("\n  ", story)}\n{exception.Message}", exception);
            }
        }

        return string.Create(
            CultureInfo.InvariantCulture, $"{options.Sequences} sequences, seeds {first} to {first + (ulong)options.Sequences - 1}");
    }

    private static async Task PlayAsync(SnapshotBench bench, SeededRng rng, int mostCommands, List<string> story)
    {
        bench.Options = new SnapshotOptions { Retention = rng.Between(1, 4) };
        story.Add(bench.Options.ToString());
        var durable = bench.Fixture.Capabilities.HasFlag(SnapshotCapabilities.Durability);
        var model = new InMemorySnapshotStore(bench.Options);
        await using (model)
        {
            for (var step = rng.Between(1, mostCommands); step > 0; step--)
            {
                await StepAsync(bench, model, rng, durable, story);
                Expect.Sequence(model.List().Snapshots, (await bench.ListAsync()).Snapshots, "snapshot");
                Expect.Equal(model.IsEmpty, await bench.IsEmptyAsync(), "whether it is empty");
                foreach (var stream in Streams)
                {
                    var version = rng.Between(0, 20);
                    Expect.Equal(model.Load(stream).Snapshot, (await bench.LoadAsync(stream)).Snapshot, $"the newest snapshot of {stream}");
                    Expect.Equal(
                        model.Load(stream, version).Snapshot, (await bench.LoadAsync(stream, version)).Snapshot,
                        FormattableString.Invariant($"the newest snapshot of {stream} up to {version}"));
                }
            }
        }
    }

    private static async Task StepAsync(SnapshotBench bench, InMemorySnapshotStore model, SeededRng rng, bool durable, List<string> story)
    {
        var (stream, version) = (Streams[rng.Between(0, 2)], rng.Between(1, 20));
        switch (rng.Between(0, 11))
        {
            case 0:
                var last = version + rng.Between(-1, 5);
                story.Add(FormattableString.Invariant($"delete {stream} {version} to {last}"));
                await model.DeleteAsync(stream, version, last);
                await bench.DeleteAsync(stream, version, last);
                break;
            case 1 when durable:
                story.Add("open again");
                await bench.CloseAsync();
                break;
            case 2 when durable:
                story.Add("crash");
                _ = await bench.TryCrashAsync();
                break;
            case 3 when rng.Between(0, 3) == 0:
                story.Add("clear");
                await model.ClearAsync();
                await bench.ClearAsync();
                break;
            default:
                var snapshot = SnapshotBench.Of(stream, version, rng.Between(0, 2000));
                story.Add(FormattableString.Invariant($"save {stream}@{version}, {snapshot.State.Payload.Length} bytes"));
                await model.SaveAsync(snapshot);
                await bench.SaveAsync(snapshot);
                break;
        }
    }
}
