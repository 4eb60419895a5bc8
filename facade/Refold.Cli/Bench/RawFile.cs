// A file of zeros that was written before, and appended to with a flush each time: the least that a durable append costs.
// The raw loop of the durable rows.
using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Refold.Bench;

/// <summary>A pre-written file.</summary>
internal sealed class RawFile : IDisposable
{
    private const int Size = 64 * 1024 * 1024;

    private readonly SafeFileHandle handle;
    private long place;

    public RawFile(string folder)
    {
        handle = File.OpenHandle(Path.Combine(folder, "raw"), FileMode.CreateNew, FileAccess.ReadWrite);
        byte[] zeros = new byte[1024 * 1024];
        for (long written = 0; written < Size; written += zeros.Length) RandomAccess.Write(handle, zeros, written);
        RandomAccess.FlushToDisk(handle);
    }

    /// <summary>Writes the bytes behind those before, and flushes; at the end of the file it begins anew.</summary>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        if (place + bytes.Length > Size) place = 0;
        RandomAccess.Write(handle, bytes, place);
        place += bytes.Length;
        // Of a file that keeps its length both do the same; where fdatasync is not, the one that .NET has is.
        if (!OperatingSystem.IsLinux()) RandomAccess.FlushToDisk(handle);
        else if (Native.FlushData(handle) < 0) throw new IOException(Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError()));
    }

    /// <summary>The median of such appends in microseconds: said beside every durable figure of the same run.</summary>
    public double FlushMicroseconds(int count, int bytes)
    {
        byte[] written = new byte[bytes];
        return Measure.Median([.. Enumerable.Range(0, count).Select(_ => Measure.Seconds(() => Append(written)) * 1e6)]);
    }

    public void Dispose() => handle.Dispose();

    private static class Native
    {
        [DllImport("libc", EntryPoint = "fdatasync", SetLastError = true)]
        [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
        public static extern int FlushData(SafeFileHandle handle);
    }
}
