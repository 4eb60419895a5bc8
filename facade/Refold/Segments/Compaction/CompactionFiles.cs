// The files of a compaction: target and marker aside, flushed, renamed; sources and marker unlinked. FORMAT.md, "Marker".
// Called by SegmentCompaction and SegmentReplacing, step by step, and by OpenedDirectory to end what was interrupted.
namespace Refold.Segments;

internal static class CompactionFiles
{
    /// <summary>Ends an interrupted compaction, as the plan of opening says.</summary>
    public static void Heal(IStorageDevice device, IEnumerable<Format.HealStep> steps)
    {
        foreach (var step in steps)
        {
            if (step is Format.HealStep.Unlink unlink) device.Delete(unlink.name);
            else device.FlushDirectory();
        }
    }

    /// <summary>Writes the target under a name that nobody reads: from here on there is room for what is left.</summary>
    public static void WriteTarget(IStorageDevice device, Format.CompactionTarget target) =>
        Write(device, Format.FileName.targetUnfinished, file =>
    {
        file.Write(target.Bytes.Span, 0);
        var seal = target.Seal;
        // Written, not left out: a hole would find no room only when it is too late.
        SegmentStore.WriteZeros(file, target.Bytes.Length, seal.FooterOffset);
        file.Write(seal.Footer.Span, seal.FooterOffset);
        SegmentStore.WriteZeros(file, seal.FooterOffset + seal.Footer.Length, seal.TrailerOffset);
        file.Write(seal.Trailer.Span, seal.TrailerOffset);
    });

    /// <summary>Says durably which segments the target replaces. Until the target has its name, nothing has changed.</summary>
    public static void WriteMarker(IStorageDevice device, Format.CompactionMarker marker)
    {
        Write(device, Format.FileName.pendingUnfinished, file => file.Write(Format.Marker.encode(marker).Span, 0));
        device.Rename(Format.FileName.pendingUnfinished, Format.FileName.pending);
        device.FlushDirectory();
    }

    /// <summary>Gives the target its name: on return it counts, whatever happens.</summary>
    public static void Switch(IStorageDevice device, Format.SegmentName target)
    {
        device.Rename(Format.FileName.targetUnfinished, target.ToString());
        device.FlushDirectory();
    }

    /// <summary>Removes what the target replaced, and checkpoints over it; then the marker. Durable on return.</summary>
    public static void Clear(IStorageDevice device, IReadOnlyCollection<string> sources)
    {
        foreach (var name in device.List().Where(name => sources.Contains(name) || Format.FileName.tryCheckpoint(name) is not null))
            device.Delete(name);
        device.FlushDirectory();
        device.Delete(Format.FileName.pending);
        device.FlushDirectory();
    }

    /// <summary>Removes what a step that failed before the switch left. What cannot be removed now, the
    /// next step or opening removes.</summary>
    public static void Abandon(IStorageDevice device)
    {
        try
        {
            RemoveUnfinished(device, Format.FileName.pending);
            RemoveUnfinished(device, Format.FileName.pendingUnfinished);
            RemoveUnfinished(device, Format.FileName.targetUnfinished);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            // Nothing reads it, and a marker without its target says that nothing happened.
        }
    }

    /// <summary>Writes a file under a name that nobody reads, and flushes it.</summary>
    public static void Write(IStorageDevice device, string name, Action<IStorageFile> write)
    {
        RemoveUnfinished(device, name);
        using var file = device.Create(name);
        write(file);
        file.Flush();
    }

    private static void RemoveUnfinished(IStorageDevice device, string name)
    {
        if (device.List().Contains(name)) device.Delete(name);
    }
}
