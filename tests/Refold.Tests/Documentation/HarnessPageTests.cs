// The page facade/docs/harness.md as it stands: its code is the code below, and does what the page says.
// Run by `dotnet test`.
using System.Text.RegularExpressions;
using Xunit;

namespace Refold.Tests.Documentation;

public partial class HarnessPageTests
{
    [Fact]
    public void ItsCode_IsTheCodeOfThisFile()
    {
        var code = Flat(SourceTree.Read("tests/Refold.Tests/Documentation/HarnessPageTests.cs"));
        var blocks = Fence().Matches(SourceTree.Read("facade/docs/harness.md")).Select(block => block.Groups[1].Value).ToList();
        Assert.Equal(3, blocks.Count);
        Assert.All(blocks, block => Assert.Contains(Flat(block), code, StringComparison.Ordinal));
    }

    [Fact]
    public async Task WhatIsRecorded_IsHandedBack()
    {
        await using var journal = Journal.Open("memory:");
        await using var recorder = new ReplayHarness(RecorderMode.Record, journal, "harness/gpu0");
        await recorder.RecordAsync(new ReplayJournalEntry.RngSeed("gpu0/sampler", 42));
        await recorder.RecordAsync(new ReplayJournalEntry.DeviceCommand(0, "open", "gpu0"));
        await recorder.RecordAsync(new ReplayJournalEntry.KernelCommand(0, "gemm", "m=64"));

        await using var player = new ReplayHarness(RecorderMode.Replay, journal, "harness/gpu0");
        int loaded = await player.LoadFromJournalAsync(fromVersion: 1, maxCount: 100);
        var device = new Device();
        int acknowledged = await player.ReplayAllAsync(device);
        Assert.Equal((3, 3), (loaded, acknowledged));
        Assert.Equal(["seed gpu0/sampler 42", "open gpu0"], device.Handled);
    }

    private static string Flat(string code) =>
        string.Join('\n', code.Split('\n').Select(line => line.Trim()).Where(line => line.Length > 0));

    [GeneratedRegex("^```csharp\n(.*?)^```$", RegexOptions.Multiline | RegexOptions.Singleline)]
    private static partial Regex Fence();

    private sealed class Device : IReplaySink
    {
        public ValueTask OnEntryAsync(ReplayJournalEntry entry, CancellationToken cancellationToken) => entry switch
        {
            ReplayJournalEntry.RngSeed seed => SeedAsync(seed.ActorPath, seed.Seed),
            ReplayJournalEntry.DeviceCommand command => SendAsync(command.Name, command.Payload, cancellationToken),
            _ => ValueTask.CompletedTask,
        };

        public List<string> Handled { get; } = [];

        private ValueTask SeedAsync(string path, ulong seed)
        {
            Handled.Add(FormattableString.Invariant($"seed {path} {seed}"));
            return ValueTask.CompletedTask;
        }

        private ValueTask SendAsync(string name, string payload, CancellationToken cancellationToken)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Handled.Add($"{name} {payload}");
            return ValueTask.CompletedTask;
        }
    }
}
