// The lock on the signer's memory: one opener at a time, in whatever process and under whatever name.
// Run by `dotnet test`.
using System.Diagnostics;
using Xunit;

namespace Refold.Signing.Tests;

public sealed class SignerMemoryLockTests : IDisposable
{
    private const string Origin = "refold.example/orders";

    private readonly TemporaryDirectory directory = new();

    private string Path => directory.File("orders.memory");

    public void Dispose() => directory.Dispose();

    [Fact]
    public async Task SecondOpener_IsRefused_InTheSameProcess_AndUnderAnotherName()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin))
        {
            Assert.Equal("memory-in-use", Refused(() => FileSignerMemory.Open(Path)).Code);
            Assert.Equal("memory-in-use", Refused(() => FileSignerMemory.Create(Path, Origin)).Code);
            var link = directory.File("link");
            File.CreateSymbolicLink(link, Path);
            Assert.Equal("memory-in-use", Refused(() => FileSignerMemory.Open(link)).Code);
            var detour = directory.File("../" + new DirectoryInfo(directory.Root).Name + "/orders.memory");
            Assert.Equal("memory-in-use", Refused(() => FileSignerMemory.Open(detour)).Code);
            await SignAsync(memory, 10);
        }

        FileSignerMemory.Open(Path).Dispose();
    }

    // Between its two steps, a process that starts has the open files of the one that starts it, and so its locks.
    [Fact]
    public async Task OpenerAfterAnother_IsLetIn_ThoughProcessesAreStartedMeanwhile()
    {
        FileSignerMemory.Create(Path, Origin).Dispose();
        using var end = new CancellationTokenSource();
        var starting = Task.WhenAll(Enumerable.Range(0, 2).Select(_ => Task.Run(() =>
        {
            while (!end.IsCancellationRequested) Flock("-n", directory.Root, "true");
        })));
        for (var round = 0; round < 400; round++) FileSignerMemory.Open(Path).Dispose();
        end.Cancel();
        await starting;
    }

    [Fact]
    public async Task WhatIsRemembered_IsSeenWithoutOpening_WhoeverHasItOpen()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin))
        {
            await SignAsync(memory, 10);
            Assert.Equal(new RememberedTree(Origin, BatchTreeVectors.At(10)), FileSignerMemory.Peek(Path));
            await SignAsync(memory, 20);
        }

        Assert.Equal(20, FileSignerMemory.Peek(Path).Tree.Size);
        File.WriteAllText(Path, "damaged");
        Assert.Equal("memory-damaged", Refused(() => FileSignerMemory.Peek(Path)).Code);
        File.Delete(Path);
        Assert.Equal("memory-missing", Refused(() => FileSignerMemory.Peek(Path)).Code);
    }

    // flock(1) is the other process: it holds the lock that a signer holds, and asks for one that is held.
    [Fact]
    public async Task SecondProcess_IsRefused_AndRefusesUs()
    {
        using (var memory = FileSignerMemory.Create(Path, Origin))
        {
            await SignAsync(memory, 10);
            Assert.Equal(1, Flock("-n", Path + ".lock/lock", "true"));
            Assert.Equal(1, Flock("-n", Path + ".lock", "true"));
        }

        // A moment may pass: other tests start processes, which have the lock until they have begun.
        Assert.Equal(0, Flock("-w", "60", Path + ".lock/lock", "true"));
        using (var other = Process.Start(new ProcessStartInfo("flock", [Path + ".lock/lock", "sh", "-c", "echo held; read end"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
        })!)
        {
            Assert.Equal("held", await other.StandardOutput.ReadLineAsync());
            Assert.Equal("memory-in-use", Refused(() => FileSignerMemory.Open(Path)).Code);
            other.StandardInput.Close();
            await other.WaitForExitAsync();
        }

        FileSignerMemory.Open(Path).Dispose();
    }

    // Whoever takes the lock away lets another process in: the first one finds out before it signs.
    [Fact]
    public async Task LockThatIsTakenAway_EndsTheFirstOpener()
    {
        using var first = FileSignerMemory.Create(Path, Origin);
        await SignAsync(first, 10);
        Directory.Move(Path + ".lock", Path + ".away");
        using var second = FileSignerMemory.Open(Path);
        await SignAsync(second, 20);
        Assert.Equal("memory-failed", (await RefusedAsync(() => SignAsync(first, 30))).Code);
        await SignAsync(second, 40);
    }

    private static int Flock(params string[] arguments)
    {
        using var process = Process.Start("flock", arguments);
        process.WaitForExit();
        return process.ExitCode;
    }

    private static async Task SignAsync(ISignerMemory memory, int size)
    {
        var signed = await new CheckpointSigner(BatchTreeVectors.Signer(), memory)
            .SignAsync(BatchTreeVectors.At(size), BatchTreeVectors.ProveAsync);
        Assert.True(signed.Verify(BatchTreeVectors.Key).Verified);
    }

    private static SigningRefusedException Refused(Func<object> work) => Assert.Throws<SigningRefusedException>(work);

    private static Task<SigningRefusedException> RefusedAsync(Func<Task> work) => Assert.ThrowsAsync<SigningRefusedException>(work);
}
