// The fixtures of the stores in the library: memory, segment files on a device that crashes, segment files in a real directory.
// Used by the conformance tests and by ConformanceSuites.
using Refold.Segments;

namespace Refold.Suites;

/// <summary>Memory: declares everything but durability and several processes.</summary>
internal sealed class MemoryFixture : JournalFixture
{
    public override JournalCapabilities Capabilities =>
        JournalCapabilities.All & ~(JournalCapabilities.Durability | JournalCapabilities.SeveralProcesses);

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => new(new InMemoryJournal());

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        Journal.OpenAsync("memory:", options, cancellationToken);
}

/// <summary>Memory behind an inline projection: what goes through it is answered as by the journal itself.</summary>
internal sealed class InlineFixture : JournalFixture
{
    private static readonly Projection<int> Count = Projection.Create(
        "count", 1, [], 0, (count, _) => count + 1,
        Codec.Create<int>("count", count => BitConverter.GetBytes(count), bytes => BitConverter.ToInt32(bytes.Span)));

    public override JournalCapabilities Capabilities => new MemoryFixture().Capabilities;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) =>
        OpenWithGatesAsync(new JournalOptions(), cancellationToken);

    public override async ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        await Journal.Open("memory:", options).WithInlineAsync([new InlineProjection<int>(Count)], cancellationToken);
}

/// <summary>Segment files on the simulated device, with segments so small that every sequence rotates. A crash keeps a subset of the
/// unflushed bytes that follows from the operations before, so that a sequence's seed repeats it.</summary>
internal sealed class SimulatedSegmentFixture : JournalFixture
{
    private static readonly JournalOptions Small = new() { Segments = new() { SegmentBytes = SegmentJournal.MinSegmentBytes } };
    private SimulatedDevice device = new(1);

    public override JournalCapabilities Capabilities => JournalCapabilities.All;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => new(SegmentJournal.Open(device, Small));

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        new(SegmentJournal.Open(device, options with { Segments = Small.Segments }));

    public override ValueTask<IJournal> OpenForReadingAsync(CancellationToken cancellationToken) =>
        new(SegmentJournal.Open(device, Small with { ReadOnly = true }));

    public override ValueTask<bool> CrashAsync()
    {
        device.Stop();
        device = device.AfterCrash(Keep.Random((ulong)device.OperationCount));
        return new(true);
    }
}

/// <summary>Segment files in a directory, as applications have them. A process that ends is shown by the tests of the tool, so there are
/// no crashes here.</summary>
internal sealed class DirectoryFixture : JournalFixture
{
    private readonly string directory = Directory.CreateTempSubdirectory("refold-").FullName;

    public override JournalCapabilities Capabilities => JournalCapabilities.All;

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) =>
        Journal.OpenAsync("segments:" + directory, cancellationToken: cancellationToken);

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        Journal.OpenAsync("segments:" + directory, options, cancellationToken);

    public override ValueTask<IJournal> OpenForReadingAsync(CancellationToken cancellationToken) =>
        Journal.OpenAsync("segments:" + directory, new JournalOptions { ReadOnly = true }, cancellationToken);

    public override ValueTask DisposeAsync()
    {
        Directory.Delete(directory, recursive: true);
        return base.DisposeAsync();
    }
}

/// <summary>Memory, reached over a detour: with no synchronous members, and no answer that is there when a call returns.</summary>
internal sealed class DetouringFixture(Func<IJournal, IJournal> detour) : JournalFixture
{
    public override JournalCapabilities Capabilities =>
        JournalCapabilities.All & ~(JournalCapabilities.Durability | JournalCapabilities.SeveralProcesses);

    public override ValueTask<IJournal> OpenAsync(CancellationToken cancellationToken) => new(detour(new InMemoryJournal()));

    public override ValueTask<IJournal> OpenWithGatesAsync(JournalOptions options, CancellationToken cancellationToken) =>
        new(detour(Journal.Open("memory:", options)));
}
