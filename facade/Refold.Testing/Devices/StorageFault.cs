// How an operation fails, and plans of failures that a seed names.
// Given to SimulatedDevice.Faults.
namespace Refold.Testing;

/// <summary>How an operation on a simulated device ends. Everything but <see cref="None"/> throws <see cref="IOException"/>.</summary>
public enum StorageFault
{
    /// <summary>It succeeds.</summary>
    None,

    /// <summary>It fails, as with EIO. A write writes nothing. A failed flush of a file drops its unflushed sectors, or makes
    /// them durable, each as chance has it:
    /// reads go on showing them, and the next flush succeeds without them. A failed flush of the directory makes each of its changes
    /// durable or takes it back, as chance has it: then names are as on the medium.</summary>
    Fails,

    /// <summary>A write writes a part of its bytes, then fails. Of other operations it means <see cref="Fails"/>.</summary>
    WritesShort,

    /// <summary>There is no room, as with ENOSPC. Otherwise it means <see cref="Fails"/>.</summary>
    NoRoom,
}

/// <summary>Faults at chosen operations, each once.</summary>
public sealed class StorageFaultPlan
{
    private readonly Dictionary<long, StorageFault> changing = [];
    private readonly HashSet<long> reads = [];
    private long readsSeen;

    /// <summary>Plans a fault.</summary>
    /// <param name="index">The index of a changing operation.</param>
    /// <param name="fault">How it ends.</param>
    /// <returns>This plan.</returns>
    public StorageFaultPlan At(long index, StorageFault fault)
    {
        changing[index] = fault;
        return this;
    }

    /// <summary>Plans a read that fails.</summary>
    /// <param name="number">Which one, counted from 0 over all reads that this plan sees.</param>
    /// <returns>This plan.</returns>
    public StorageFaultPlan AtRead(long number)
    {
        reads.Add(number);
        return this;
    }

    /// <summary>Draws a plan.</summary>
    /// <param name="rng">The generator.</param>
    /// <param name="count">How many faults, 0 or more.</param>
    /// <param name="from">The first index of a changing operation that may fail.</param>
    /// <param name="operations">How many operations from there may fail; 1 or more.</param>
    /// <returns>The plan.</returns>
    public static StorageFaultPlan Draw(SeededRng rng, int count, long from, int operations)
    {
        ArgumentNullException.ThrowIfNull(rng);
        ArgumentOutOfRangeException.ThrowIfLessThan(operations, 1);
        var plan = new StorageFaultPlan();
        for (; count > 0; count--)
        {
            if (rng.Chance(0.2)) plan.AtRead(rng.Between(0, operations));
            else plan.At(
                from + rng.Between(0, operations - 1), rng.Pick([StorageFault.Fails, StorageFault.WritesShort, StorageFault.NoRoom]));
        }

        return plan;
    }

    /// <summary>What <see cref="SimulatedDevice.Faults"/> asks.</summary>
    /// <param name="operation">The operation.</param>
    /// <returns>How it ends.</returns>
    public StorageFault Next(StorageOperation operation)
    {
        ArgumentNullException.ThrowIfNull(operation);
        if (operation.Kind == StorageOperationKind.Read) return reads.Remove(readsSeen++) ? StorageFault.Fails : StorageFault.None;
        return operation.Changes && changing.Remove(operation.Index, out var fault) ? fault : StorageFault.None;
    }
}
