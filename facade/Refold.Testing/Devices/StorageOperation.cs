// What a store asked of a simulated device: the unit in which crashes are placed, faults are planned and messages tell the story.
// Made by SimulatedDevice; seen by fault plans, hooks and failure messages.
using System.Globalization;

namespace Refold.Testing;

/// <summary>What an operation does.</summary>
public enum StorageOperationKind
{
    /// <summary>Makes the directory.</summary>
    CreateDirectory,

    /// <summary>Takes the lock, and makes its file if need be.</summary>
    Lock,

    /// <summary>Makes a file.</summary>
    Create,

    /// <summary>Renames a file.</summary>
    Rename,

    /// <summary>Removes a file.</summary>
    Delete,

    /// <summary>Makes names durable.</summary>
    FlushDirectory,

    /// <summary>Writes bytes.</summary>
    Write,

    /// <summary>Makes the bytes of a file durable.</summary>
    Flush,

    /// <summary>Opens a file. Changes nothing.</summary>
    Open,

    /// <summary>Reads bytes. Changes nothing.</summary>
    Read,
}

/// <summary>One operation.</summary>
/// <param name="Index">How many changing operations came before it, over all crashes: the number that <see cref="SimulatedDevice.CrashAt"/>
/// takes. One that changes nothing has the index of the next that does.</param>
/// <param name="Kind">What it does.</param>
/// <param name="Name">The file; the new name of a rename; empty for the directory.</param>
/// <param name="Offset">Where in the file, in bytes.</param>
/// <param name="Length">How many bytes.</param>
public sealed record StorageOperation(long Index, StorageOperationKind Kind, string Name, long Offset = 0, int Length = 0)
{
    /// <summary>Where in the program a flush was asked for: type, method, offset in the method's code, kind.</summary>
    /// <value>Default: empty, unless the device tracks call sites.</value>
    public string CallSite { get; init; } = "";

    /// <summary>Whether it can change what a crash leaves.</summary>
    public bool Changes => Kind < StorageOperationKind.Open;

    /// <summary>One line.</summary>
    /// <returns>The line.</returns>
    public override string ToString() => Kind is StorageOperationKind.Write or StorageOperationKind.Read
        ? string.Create(CultureInfo.InvariantCulture, $"{Index} {Kind} {Name} at {Offset}, {Length} bytes")
        : string.Create(CultureInfo.InvariantCulture, $"{Index} {Kind} {Name}");
}
