// The public surface of an assembly as text: one line a type, one line a member, in ordinal order.
// Used by ApiTests to compare with the approved text and with the documentation file.
using System.Reflection;
using System.Runtime.CompilerServices;

namespace Refold.Architecture;

internal static class ApiSurface
{
    private const BindingFlags Declared =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static | BindingFlags.DeclaredOnly;

    /// <summary>Public types with their public and protected members.</summary>
    public static IEnumerable<(Type Type, IReadOnlyList<MemberInfo> Members)> Of(Assembly assembly) =>
        from type in assembly.GetExportedTypes()
        where !IsGenerated(type)
        orderby FullName(type)
        select (
            type,
            (IReadOnlyList<MemberInfo>)[
                .. type.GetMembers(Declared)
                    .Where(member => IsVisible(member) && !IsGenerated(member))
                    .OrderBy(Describe, StringComparer.Ordinal)]);

    /// <summary>The text that is approved.</summary>
    public static string Print(Assembly assembly) =>
        string.Concat(Of(assembly).Select(item =>
            Header(item.Type) + "\n" + string.Concat(item.Members.Select(member => "    " + Describe(member) + "\n"))));

    public static string FullName(Type type) =>
        type.IsGenericParameter ? type.Name
        : type.IsByRef ? "ref " + FullName(type.GetElementType()!)
        : type.IsArray ? FullName(type.GetElementType()!) + "[]"
        : !type.IsGenericType ? (type.FullName ?? type.Name).Replace('+', '.')
        : (type.GetGenericTypeDefinition().FullName ?? type.Name).Replace('+', '.').Split('`')[0]
            + "<" + string.Join(", ", type.GetGenericArguments().Select(FullName)) + ">";

    public static string Describe(MemberInfo member) => member switch
    {
        ConstructorInfo constructor => $"new({Parameters(constructor)})",
        MethodInfo method => $"{Static(method.IsStatic)}{FullName(method.ReturnType)} {method.Name}{Generic(method)}({Parameters(method)})",
        PropertyInfo property =>
            $"{Static(Accessor(property)!.IsStatic)}{FullName(property.PropertyType)} {property.Name} {{{Accessors(property)} }}",
        FieldInfo field => $"{Static(field.IsStatic)}{FullName(field.FieldType)} {field.Name}",
        EventInfo @event => $"event {FullName(@event.EventHandlerType!)} {@event.Name}",
        Type nested => "type " + nested.Name,
        _ => member.ToString()!,
    };

    // What compilers add differs between them and between Debug and Release; it is nobody's decision.
    private static bool IsGenerated(MemberInfo member) =>
        member.IsDefined(typeof(CompilerGeneratedAttribute), inherit: false)
        || member.Name.Contains('<', StringComparison.Ordinal)
        || member.Name.Contains('@', StringComparison.Ordinal)
        || member is Type { IsNested: true, Name: "Tags" } or FieldInfo { DeclaringType.Name: "Tags" };

    private static bool IsVisible(MemberInfo member) => member switch
    {
        Type => false,
        MethodInfo { IsSpecialName: true } method when !method.Name.StartsWith("op_", StringComparison.Ordinal) => false,
        MethodInfo method when method.Name.StartsWith("get_", StringComparison.Ordinal) => false,
        ConstructorInfo constructor => !constructor.IsStatic && (constructor.IsPublic || constructor.IsFamily),
        MethodInfo method => (method.IsPublic || method.IsFamily) && !method.Name.Contains('.', StringComparison.Ordinal),
        PropertyInfo property =>
            Accessor(property) is { } accessor && (accessor.IsPublic || accessor.IsFamily)
                && !property.Name.Contains('.', StringComparison.Ordinal),
        FieldInfo field => field.IsPublic || field.IsFamily,
        EventInfo => true,
        _ => false,
    };

    private static string Header(Type type)
    {
        var kind = type.IsInterface
            ? "interface"
            : type.IsEnum
                ? "enum"
                : type.IsValueType
                    ? "struct"
                    : type.IsAbstract && type.IsSealed
                        ? "static class"
                        : type.IsSealed ? "sealed class" : type.IsAbstract ? "abstract class" : "class";
        var bases = new[] { type.BaseType }
            .Where(item => item is not null && item != typeof(object) && item != typeof(ValueType) && item != typeof(Enum))
            .Select(item => FullName(item!))
            .ToArray();
        return $"{kind} {FullName(type)}{(bases.Length == 0 ? "" : " : " + string.Join(", ", bases))}";
    }

    private static string Parameters(MethodBase method) =>
        string.Join(
            ", ",
            method.GetParameters()
                .Select(parameter => $"{FullName(parameter.ParameterType)} {parameter.Name}{(parameter.IsOptional ? " = default" : "")}"));

    private static string Generic(MethodInfo method) =>
        method.IsGenericMethod ? "<" + string.Join(", ", method.GetGenericArguments().Select(FullName)) + ">" : "";

    private static string Accessors(PropertyInfo property) =>
        (property.GetMethod is { IsPublic: true } ? " get;" : "")
        + (
            property.SetMethod is { IsPublic: true } set
                ? set.ReturnParameter.GetRequiredCustomModifiers().Length > 0 ? " init;" : " set;"
                : "");

    private static MethodInfo? Accessor(PropertyInfo property) => property.GetMethod ?? property.SetMethod;

    private static string Static(bool isStatic) => isStatic ? "static " : "";
}
