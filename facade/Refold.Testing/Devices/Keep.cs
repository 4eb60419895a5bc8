// What a crash leaves of what was not flushed.
// Given to SimulatedDevice.AfterCrash.
using System.Globalization;

namespace Refold.Testing;

/// <summary>Which unflushed sectors and directory changes are there after a power cut.</summary>
public sealed record Keep
{
    private Keep(Choice choice, ulong seed) => (Which, Seed) = (choice, seed);

    internal enum Choice
    {
        None,
        All,
        Drawn,
    }

    /// <summary>Only what was flushed.</summary>
    public static Keep None { get; } = new(Choice.None, 0);

    /// <summary>Everything, as after a process that ended while the machine went on, and everything was written back since.</summary>
    public static Keep All { get; } = new(Choice.All, 0);

    /// <summary>Whether a 4 KiB block with unflushed bytes may be garbage as a whole, flushed bytes included: a device
    /// without powersafe overwrite.</summary>
    /// <value>Default: false; a sector is one of the versions that were written, and no other sector is touched.</value>
    public bool GarblesBlocks { get; init; }

    internal Choice Which { get; }

    internal ulong Seed { get; }

    /// <summary>Any subset: each 512-byte sector is as flushed or as one of the writes since left it, each directory change happened or
    /// not, whatever their order was.</summary>
    /// <param name="seed">Names the subset.</param>
    /// <returns>The choice.</returns>
    public static Keep Random(ulong seed) => new(Choice.Drawn, seed);

    /// <summary>The C# that makes it.</summary>
    /// <returns>The text.</returns>
    public override string ToString() =>
        (Which == Choice.Drawn ? string.Create(CultureInfo.InvariantCulture, $"Keep.Random({Seed})") : $"Keep.{Which}")
        + (GarblesBlocks ? " with { GarblesBlocks = true }" : "");
}
