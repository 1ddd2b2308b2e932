/** ioctl(2) requests on `/dev/fuse` (include/uapi/linux/fuse.h, 7.40), as _IOW of asm-generic makes them. */
export const BACKING_OPEN = 0x4010e501;
export const BACKING_CLOSE = 0x4004e502;

/** `fuse_backing_map`: descriptor, flags, padding. */
export const BACKING_MAP_BYTES = 16;
