// A signer's memory in a file beside its key, which one process at a time has.
// Made once with the key, opened by whoever signs; given to CheckpointSigner.
using Refold.Segments;

namespace Refold.Signing;

/// <summary>Remembers what was signed last in a small file.</summary>
/// <remarks>
/// <para>The file belongs beside the key and <b>never in the journal's directory</b>: a backup of the journal that is put back would
/// bring an older memory along, and the signer would sign a second history.</para>
/// <para>It is made once, by <see cref="Create"/>. Where it is missing, cut short, changed or replaced it is refused, and nothing is
/// signed: a missing memory is no reason to begin anew. Where it is lost, make another one of the last checkpoint that was signed.</para>
/// <para>A new state is written aside (<c>FILE.new</c>), flushed, renamed, and its name flushed, before a signature leaves. As long as the
/// memory is open, the directory <c>FILE.lock</c> is locked: another process, and another object of this one, is refused. On network file
/// systems locks may not hold. Disposing ends it.</para>
/// </remarks>
public sealed class FileSignerMemory : ISignerMemory, IDisposable
{
    private const string LockFile = "lock";
    private const int MaxTries = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(10);

    private readonly Lock gate = new();
    private readonly string path;
    private readonly IStorageLock held;
    private RememberedTree last;
    private bool isBroken;
    private bool isDisposed;

    private FileSignerMemory(string path, IStorageLock held, RememberedTree last) => (this.path, this.held, this.last) = (path, held, last);

    /// <summary>Told of each step of a write before it is taken. For tests.</summary>
    internal Action<string>? BeforeStep { get; set; }

    /// <summary>Makes the file of a new origin, and opens it.</summary>
    /// <param name="path">The file, beside the key. Its directory must be there.</param>
    /// <param name="origin">The origin: the name of the key.</param>
    /// <param name="signed">What was signed last, where the file of that was lost: from the last signed checkpoint, verified. Null where
    /// nothing was signed under the origin, ever.</param>
    /// <returns>The memory; dispose it.</returns>
    /// <exception cref="SigningRefusedException">A file is there (<c>memory-exists</c>), somebody has it open (<c>memory-in-use</c>), or it
    /// cannot be written (<c>memory-failed</c>).</exception>
    public static FileSignerMemory Create(string path, string origin, TreeHead? signed = null)
    {
        KeyName.Require(origin, nameof(origin));
        var head = new RememberedTree(origin, signed ?? TreeHead.Empty);
        if (Checkpoint.FaultOf(head.Tree) is { } fault) throw new ArgumentException($"The tree {fault}.", nameof(signed));
        var bytes = SignerMemoryForm.Write(head);
        if (bytes.Length > SignerMemoryForm.Longest) throw new ArgumentException("The name is too long.", nameof(origin));
        return Locked(path, isNew: true, (file, held) =>
        {
            if (LocalFiles.Exists(file))
            {
                throw new SigningRefusedException(
                    "memory-exists", $"{file} is there already; open it, or choose another file for another origin.");
            }

            LocalFiles.Replace(file, bytes, null);
            return new FileSignerMemory(file, held, head);
        });
    }

    /// <summary>Opens the file that <see cref="Create"/> made.</summary>
    /// <param name="path">The file.</param>
    /// <returns>The memory; dispose it.</returns>
    /// <exception cref="SigningRefusedException">The file is missing (<c>memory-missing</c>), is not what was written
    /// (<c>memory-damaged</c>), is open elsewhere (<c>memory-in-use</c>), or cannot be read (<c>memory-failed</c>).</exception>
    public static FileSignerMemory Open(string path) => Locked(path, isNew: false, (file, held) =>
    {
        var head = ReadFrom(file);
        // A process that ended after renaming, before flushing, left what can be read and may yet be lost.
        LocalFiles.Flush(file);
        return new FileSignerMemory(file, held, head);
    });

    /// <summary>What the file says, whoever has it open: for somebody who does not sign, as a compaction that keeps the size
    /// provable.</summary>
    /// <param name="path">The file.</param>
    /// <returns>What was signed last, or is about to be.</returns>
    /// <exception cref="SigningRefusedException">The file is missing (<c>memory-missing</c>), is not what was written
    /// (<c>memory-damaged</c>), or cannot be read (<c>memory-failed</c>).</exception>
    public static RememberedTree Peek(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return ReadFrom(Path.GetFullPath(path));
    }

    /// <inheritdoc/>
    public ValueTask<RememberedTree> ReadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            RequireOurs();
            return ValueTask.FromResult(last);
        }
    }

    /// <inheritdoc/>
    public ValueTask<bool> TryRememberAsync(RememberedTree next, RememberedTree before, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(next);
        cancellationToken.ThrowIfCancellationRequested();
        lock (gate)
        {
            RequireOurs();
            if (last != before) return ValueTask.FromResult(false);
            // What is remembered is durable already.
            if (last == next) return ValueTask.FromResult(true);
            // Where this fails, the file is the old one or the new one: whoever opens it again sees which.
            isBroken = true;
            Guarded(path, () => LocalFiles.Replace(path, SignerMemoryForm.Write(next), BeforeStep));
            (last, isBroken) = (next, false);
            return ValueTask.FromResult(true);
        }
    }

    /// <summary>Lets others open the file.</summary>
    public void Dispose()
    {
        lock (gate)
        {
            if (isDisposed) return;
            isDisposed = true;
            held.Dispose();
        }
    }

    private void RequireOurs()
    {
        ObjectDisposedException.ThrowIf(isDisposed, this);
        if (isBroken)
        {
            throw new SigningRefusedException(
                "memory-failed", $"{path} could not be written or was replaced; dispose the memory and open it again.");
        }

        Guarded(path, () => held.RequireHeld(null));
        if (ReadFrom(path) == last) return;
        isBroken = true;
        throw new SigningRefusedException(
            "memory-damaged", $"{path} is not what this process wrote: somebody replaced it. Put the newest one back, and open it again.");
    }

    private static RememberedTree ReadFrom(string file)
    {
        RequireThere(file);
        return SignerMemoryForm.TryRead(Guarded(file, () => LocalFiles.Read(file, SignerMemoryForm.Longest)))
            ?? throw new SigningRefusedException(
                "memory-damaged",
                $"{file} is not what was written. Nothing is signed: what was signed last is not known for sure. Put the file back from a "
                    + "backup of the keys that is as new as the last checkpoint, or make another one of that checkpoint.");
    }

    private static void RequireThere(string file)
    {
        if (LocalFiles.Exists(file)) return;
        throw new SigningRefusedException(
            "memory-missing",
            $"{file} is not there. Create makes one for an origin under which nothing was signed; where one is lost, of the last "
                + "checkpoint that was signed.");
    }

    private static FileSignerMemory Locked(string path, bool isNew, Func<string, IStorageLock, FileSignerMemory> open)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        return Guarded(path, () =>
        {
            var file = LocalFiles.Resolve(path);
            if (isNew) LocalFiles.RequireDirectoryOf(file);
            else RequireThere(file);
            var directory = new DirectoryDevice(file + ".lock");
            directory.CreateDirectory();
            var held = TryLock(directory)
                ?? throw new SigningRefusedException(
                    "memory-in-use", $"{file} is open in another process, or elsewhere in this one; one signs at a time.");
            try
            {
                return open(file, held);
            }
            catch
            {
                held.Dispose();
                throw;
            }
        });
    }

    // A process that is being started, by any thread of this one, has our open files for a moment, and with them a lock that was let go.
    private static IStorageLock? TryLock(DirectoryDevice directory)
    {
        using var pause = new ManualResetEventSlim();
        for (var tries = 1; ; tries++)
        {
            if (directory.TryLock(LockFile) is { } held) return held;
            if (tries == MaxTries) return null;
            pause.Wait(Patience);
        }
    }

    private static T Guarded<T>(string path, Func<T> work)
    {
        try
        {
            return work();
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or PlaceLostException)
        {
            throw new SigningRefusedException("memory-failed", $"{path} cannot be relied on: {exception.Message}", exception);
        }
    }

    private static void Guarded(string path, Action work) => Guarded(path, () =>
    {
        work();
        return true;
    });
}
